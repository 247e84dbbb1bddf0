"""Help, version, and command lines that are not understood."""

import re

from expectations import rejected
from harness import check, contains, equal, martlet, test

OPTIONS = {
    "serve": ("--host", "--port", "--tls-certificate", "--tls-key", "--allow-origin", "--max-message-size", "--loops"),
    "connect": ("-H", "--header", "--subprotocol", "--origin", "--insecure", "--timeout", "--wait", "--commands",
                "/ping", "/close", "/binary", "Exit status"),
    "inspect": ("-H", "--header", "--subprotocol", "--origin", "--insecure", "--timeout", "--json", "--pcap", "Exit status"),
}


@test("help: every command has it")
async def _():
    for arguments in (["--help"], ["-h"], ["help"], []):
        result = await martlet(*arguments)
        equal((result.errors, result.status), ("", 0), f"errors and status of {arguments}")
        for command in OPTIONS:
            check(re.search(rf"^  {command} ", result.output, re.M), f"{command} is not in the output of {arguments}")
    for command, options in OPTIONS.items():
        for arguments in ([command, "--help"], ["help", command]):
            result = await martlet(*arguments)
            equal((result.errors, result.status), ("", 0), f"errors and status of {arguments}")
            contains(result.output, f"USAGE: martlet {command}", f"output of {arguments}")
            for option in options:
                contains(result.output, option, f"output of {arguments}")


@test("help: the version is shown")
async def _():
    result = await martlet("--version")
    equal((result.errors, result.status), ("", 0), "errors and status")
    check(re.fullmatch(r"\d+\.\d+\.\d+\S*\n", result.output), f"version {result.output!r}")


@test("bad options: an unknown command")
async def _():
    await rejected(["swerve"], "swerve")
    await rejected(["--verbose"], "--verbose")


@test("bad options of serve: status 64 and a message that names the option")
async def _():
    for arguments, parts in (
        (["--port", "65536"], ["--port", "65535"]),
        (["--port", "-1"], ["--port"]),
        (["--port", "http"], ["--port", "http"]),
        (["--prot", "80"], ["--prot", "--port"]),
        (["--tls-certificate", "certificate.pem"], ["--tls-certificate", "--tls-key"]),
        (["--tls-key", "key.pem"], ["--tls-certificate", "--tls-key"]),
        (["--max-message-size", "0"], ["--max-message-size"]),
        (["--max-message-size", "1MiB"], ["--max-message-size", "1MiB"]),
        (["--loops", "0"], ["--loops"]),
        (["--allow-origin", "example.com"], ["--allow-origin", "example.com", "scheme://"]),
        (["surplus"], ["surplus"]),
    ):
        await rejected(["serve", *arguments], *parts)


@test("bad options of connect and inspect: status 64 and a message that names the option")
async def _():
    url = "ws://127.0.0.1:9/"
    for command in ("connect", "inspect"):
        for arguments, parts in (
            ([], ["<url>"]),
            ([url, "surplus"], ["surplus"]),
            ([url, "--bogus"], ["--bogus"]),
            ([url, "-H", "no colon"], ["-H", "no colon", "Name: value"]),
            ([url, "-H", ": no name"], ["-H", "Name: value"]),
            ([url, "-H", "X-Name: two\r\nX-Lines: smuggled"], ["-H", "control characters"]),
            ([url, "--origin", "two\nlines"], ["--origin", "control characters"]),
            ([url, "--timeout", "0"], ["--timeout"]),
            ([url, "--timeout", "soon"], ["--timeout", "soon"]),
        ):
            await rejected([command, *arguments], *parts)
    await rejected(["connect", url, "--wait=-1"], "--wait")
