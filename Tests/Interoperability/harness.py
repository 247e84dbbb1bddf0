"""What these tests stand on: a list of tests with deadlines, a certificate, and the program under test."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARTLET = os.environ.get("MARTLET", str(ROOT / ".build" / "release" / "martlet"))
# For one test. It is long because machines that test are busy; nothing waits for it unless something is wrong.
DEADLINE = 60
TESTS = []


def test(name):
    """Registers a test: a coroutine function without arguments."""
    def register(function):
        TESTS.append((name, function))
        return function
    return register


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {shortened(actual)} instead of {shortened(expected)}")


def contains(text, part, what):
    if part not in text:
        raise AssertionError(f"{what}: no {part!r} in {shortened(text)}")


def shortened(value):
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:400]} … {text[-150:]}"


@dataclass(frozen=True)
class Finished:
    """A run of the program that is over."""
    status: int
    output: str
    errors: str

    @property
    def lines(self):
        return self.output.splitlines()


class Process:
    """The program under test, ended with the block whatever happens. The deadline is that of the test."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL):
        self.arguments = arguments
        self.stdin = stdin

    async def __aenter__(self):
        self.error_file = tempfile.TemporaryFile()
        self.process = await asyncio.create_subprocess_exec(
            MARTLET, *self.arguments, stdin=self.stdin, stdout=asyncio.subprocess.PIPE, stderr=self.error_file,
            limit=1 << 26, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self.error_file.close()

    def write(self, text):
        self.process.stdin.write(text.encode())

    async def line(self):
        """The next line of standard output, without its end."""
        line = await self.process.stdout.readline()
        check(line.endswith(b"\n"), f"standard output ended with {line!r}; {self.errors()!r}")
        return line[:-1].decode()

    async def finished(self, stdin=None):
        """Waits for the end, after writing what is left to write and ending standard input."""
        async def feed():
            with suppress(BrokenPipeError, ConnectionResetError):
                self.process.stdin.write(stdin)
                await self.process.stdin.drain()
            self.process.stdin.close()
        feeding = [] if stdin is None else [feed()]
        output, *_ = await asyncio.gather(self.process.stdout.read(), *feeding)
        status = await self.process.wait()
        return Finished(status, output.decode(), self.errors())

    def signal(self, number):
        self.process.send_signal(number)

    def errors(self):
        self.error_file.seek(0)
        return self.error_file.read().decode(errors="replace")


class Server(Process):
    """`martlet serve` on a free port of the loopback interface."""

    def __init__(self, *options):
        super().__init__("serve", "--host", "127.0.0.1", "--port", "0", *options)

    async def __aenter__(self):
        await super().__aenter__()
        try:
            self.first_line = await self.line()
            found = re.search(r"http(s?)://127\.0\.0\.1:(\d+)/", self.first_line)
            check(found, f"the first line of martlet serve has no address: {self.first_line!r}")
        except BaseException:
            await self.__aexit__()
            raise
        self.port = int(found[2])
        self.http = f"http{found[1]}://127.0.0.1:{self.port}"
        self.ws = f"ws{found[1]}://127.0.0.1:{self.port}"
        return self

    async def stopped(self, by=signal.SIGTERM):
        self.signal(by)
        return await self.finished()


async def martlet(*arguments, stdin=""):
    """One run of the program from start to end."""
    async with Process(*arguments, stdin=asyncio.subprocess.PIPE) as process:
        return await process.finished(stdin.encode() if isinstance(stdin, str) else stdin)


@asynccontextmanager
async def certificate():
    """Paths of a certificate for 127.0.0.1 that nobody trusts, and of its key."""
    with tempfile.TemporaryDirectory() as folder:
        made, key = str(Path(folder, "certificate.pem")), str(Path(folder, "key.pem"))
        openssl = await asyncio.create_subprocess_exec(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-keyout", key, "-out", made, "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", stderr=asyncio.subprocess.PIPE)
        _, errors = await openssl.communicate()
        check(openssl.returncode == 0, f"openssl failed: {errors.decode()}")
        yield made, key


async def passes(name, function):
    began = time.monotonic()
    try:
        async with asyncio.timeout(DEADLINE):
            await function()
    except Exception as error:
        said = f"not done after {DEADLINE} s" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
        print(f"FAIL {name}: {said}", flush=True)
        return False
    print(f"ok   {name} ({time.monotonic() - began:.2f} s)", flush=True)
    return True


async def run_all(names):
    chosen = [found for found in TESTS if not names or any(name in found[0] for name in names)]
    if not chosen:
        print("FAIL no test has such a name")
        return [False]
    return [await passes(*found) for found in chosen]


def main():
    """Runs the tests, or those whose name contains one of the arguments. The last line counts them."""
    results = asyncio.run(run_all(sys.argv[1:]))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)
