"""The programs that take part: each has its own log file, every wait a deadline, and all end with their block."""

import os
import signal
import socket
import subprocess
import time

STARTING = 30.0
ENDING = 30.0


class Failure(Exception):
    """Something else happened than should."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    def __init__(self, name, *arguments, log, folder):
        self.name = name
        self.log = log
        self.output = open(log, "wb")
        try:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
                                            cwd=folder, env={**os.environ, "PYTHONUNBUFFERED": "1", "SWIFT_BACKTRACE": "enable=no"})
        except OSError as error:
            self.output.close()
            raise Failure(f"{name} can't be started: {error}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def last_words(self):
        return " | ".join([line for line in self.text().splitlines() if line.strip()][-5:])

    def fail_if_ended(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with status {self.process.returncode}: {self.last_words()}")

    def await_output(self, pattern):
        """The match of the pattern in what the process has printed."""
        end = time.monotonic() + STARTING
        while not (found := pattern.search(self.text())):
            self.fail_if_ended()
            if time.monotonic() > end:
                raise Failure(f"{self.name} did not print {pattern.pattern} in {STARTING:.0f} s: {self.last_words()}")
            time.sleep(0.05)
        return found

    def await_port(self, port):
        """Waits until somebody listens."""
        end = time.monotonic() + STARTING
        while True:
            self.fail_if_ended()
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if time.monotonic() > end:
                    raise Failure(f"{self.name} does not listen after {STARTING:.0f} s: {self.last_words()}") from None
                time.sleep(0.05)

    def await_success(self, deadline):
        try:
            status = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end in {deadline:.0f} s: {self.last_words()}") from None
        if status != 0:
            raise Failure(f"{self.name} ended with status {status}: {self.last_words()}")

    def stop(self):
        """It must still run, and end well when it is told to."""
        self.fail_if_ended()
        self.process.send_signal(signal.SIGTERM)
        self.await_success(ENDING)
