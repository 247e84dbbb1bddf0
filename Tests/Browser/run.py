#!/usr/bin/env python3
"""Drives the page of `martlet serve` in headless Chromium, as a person would.

    pip install -r Tests/Browser/requirements.txt
    MARTLET=.build/release/martlet python3 Tests/Browser/run.py [name ...]

Needs Chromium (Debian package chromium; another one can be named in $CHROMIUM).
With names, runs only the tests whose name contains one of them.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

try:
    from devtools import DEADLINE, Browser, Missing, Tab
except ModuleNotFoundError as error:
    sys.exit(f"FAIL {error}: pip install -r Tests/Browser/requirements.txt\n0 passed, 1 failed")

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / ".build" / "browser"
POLICY = ("default-src 'none'; style-src 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
          "connect-src 'self' ws: wss:; img-src data:")
TESTS = []


class Server:
    """A running `martlet serve` on a free port of the loopback interface."""

    def __init__(self, *options):
        self.options = options

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            os.environ.get("MARTLET", str(ROOT / ".build" / "release" / "martlet")),
            "serve", "--host", "127.0.0.1", "--port", "0", *self.options,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE)
        line = (await asyncio.wait_for(self.process.stdout.readline(), DEADLINE)).decode()
        found = re.search(r"https?://127\.0\.0\.1:\d+/", line)
        if not found:
            await self.__aexit__()
            raise RuntimeError(f"the first line of martlet serve has no address: {line!r}")
        self.url = found[0]
        self.drain = asyncio.create_task(self._drain())
        return self

    async def _drain(self):
        while await self.process.stdout.read(65536):
            pass

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), DEADLINE)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.process.wait()


class Page(Tab):
    """What a person does with the page, and sees."""

    async def connect(self, path="echo"):
        await self.click(f"[data-path={path}]")
        await self.click("#connect")
        await self.wait("document.querySelector('#state').dataset.state === 'open'")

    async def send(self, text):
        await self.fill("#text", text)
        await self.press("Enter")

    async def rows(self, direction, kind):
        return await self.evaluate(f"""[...document.querySelectorAll('#log details')]
            .filter((row) => row.dataset.direction === '{direction}' && row.dataset.kind === '{kind}')
            .map((row) => ({{ length: Number(row.dataset.length), code: row.dataset.code, rtt: Number(row.dataset.rtt ?? NaN),
                              content: row.querySelector('.c').textContent }}))""")

    async def row(self, direction, kind, number=1):
        """Waits for the numbered row (from 1) of this direction and kind."""
        await self.wait(f"document.querySelectorAll('#log [data-direction={direction}][data-kind={kind}]').length >= {number}", 30)
        return (await self.rows(direction, kind))[number - 1]

    async def open_row(self, direction, kind, number=1):
        """Clicks a row and returns the framing it shows and all of its text."""
        await self.row(direction, kind, number)
        await self.evaluate(f"""document.querySelectorAll('#log [data-direction={direction}][data-kind={kind}]')
            [{number - 1}].firstElementChild.id = 'row-to-open'""")
        await self.click("#row-to-open")
        await self.wait("document.querySelector('#row-to-open + .info')")
        shown = await self.evaluate("""(() => {
          const summary = document.querySelector('#row-to-open');
          summary.id = '';
          const info = summary.nextElementSibling;
          return [Object.fromEntries([...info.querySelectorAll('.frame div')].map((field) => [...field.children].map((part) => part.textContent))),
                  info.textContent];
        })()""")
        return shown

    async def text(self, selector):
        return await self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")


class Context:
    def __init__(self, browser, server):
        self.browser = browser
        self.server = server
        self.pages = []

    async def page(self, url=None):
        page = await self.browser.open(url or self.server.url)
        page.__class__ = Page
        self.pages.append(page)
        return page


def test(name, expected_problems=None):
    """Registers a test. Problems on the console fail it, unless they match the pattern given here."""
    def register(function):
        TESTS.append((name, function, expected_problems))
        return function
    return register


def equal(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


REFUSED = r"WebSocket connection to|Failed to load resource"


@test("the page is served with its policy")
async def _(t):
    def get():
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(t.server.url, timeout=DEADLINE) as response:
            return response.status, response.headers, response.read()
    status, headers, body = await asyncio.to_thread(get)
    equal(status, 200, "status")
    equal(headers["Content-Type"].replace(" ", "").lower(), "text/html;charset=utf-8", "type")
    equal(headers["Content-Security-Policy"], POLICY, "policy")
    contains(body.decode(), "<title>Martlet</title>")


@test("loads with nothing else requested")
async def _(t):
    page = await t.page()
    equal(await page.evaluate("document.title"), "Martlet", "title")
    equal(await page.text("#state"), "Not connected", "state")
    equal(await page.evaluate("document.querySelector('#url').value"), t.server.url.replace("http", "ws") + "echo", "endpoint")
    equal([url for url in page.requests if not url.startswith("data:")], [t.server.url, t.server.url + "engine.io.js"], "requests")


@test("every control has a name")
async def _(t):
    page = await t.page()
    controls = await page.accessible({"button", "textbox", "log", "status", "main", "heading"})
    equal([role for role, name in controls if role in ("button", "textbox", "log") and not name], [], "unnamed controls")
    for role in ("textbox", "button", "log", "main", "heading"):
        assert any(role == found for found, _ in controls), f"no {role}"


@test("the policy is in force", expected_problems=r"policy violation: connect-src|[Cc]ontent [Ss]ecurity [Pp]olicy")
async def _(t):
    page = await t.page()
    await page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
    await page.until(lambda: any("policy violation: connect-src" in problem for problem in page.problems))


@test("text is echoed with a round-trip time")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.send("hello, martlet")
    out, back = await page.row("out", "text"), await page.row("in", "text")
    equal((out["content"], out["length"]), ("hello, martlet", 14), "sent row")
    equal((back["content"], back["length"]), ("hello, martlet", 14), "received row")
    assert 0 <= back["rtt"] < 5000, f"round trip {back['rtt']}"
    await page.wait("document.querySelector('#rtt').textContent.endsWith(' ms')")
    await page.wait("document.querySelector('#received').textContent === '1 14 B'")
    equal(await page.text("#sent"), "1 14 B", "counter")
    await page.wait("document.querySelector('#buffered').textContent === '0 B'")


@test("the keyboard is enough")
async def _(t):
    page = await t.page()
    await page.click("#url")
    await page.press("Enter")
    await page.wait("document.querySelector('#state').dataset.state === 'open'")
    await page.fill("#text", "two")
    await page.press("Enter", shift=True)
    await page.call("Input.insertText", {"text": "lines"})
    await page.press("Enter")
    back = await page.row("in", "text")
    equal((back["length"], back["content"]), (9, "two␊\nlines"), "received row")
    equal(await page.evaluate("document.activeElement.id"), "text", "focus")
    equal(await page.evaluate("document.querySelector('#text').value"), "", "field after sending")


async def open_engine(t, mode):
    page = await t.page()
    await page.evaluate(f"""(() => {{
      const choice = document.querySelector('#transport');
      choice.value = '{mode}';
      choice.dispatchEvent(new Event('change'));
    }})()""")
    equal(await page.evaluate("document.querySelector('#url').value"), t.server.url.replace("http", "ws") + "engine.io/", "endpoint")
    await page.click("#connect")
    await page.wait("document.querySelector('#state').dataset.state === 'open'")
    return page


async def carried_by(page, transport):
    await page.wait(f"document.querySelector('#carrier').dataset.transport === '{transport}'", 30)


@test("Engine.IO begins with polling and moves to a WebSocket, and the page shows when")
async def _(t):
    page = await open_engine(t, "upgrade")
    contains((await page.row("local", "open"))["content"], " by Polling; may move to: websocket")
    await carried_by(page, "websocket")
    contains((await page.row("local", "moved"))["content"], "From polling to WebSocket, after ")
    for direction, kind, content in (("out", "probe", "2probe"), ("in", "probe", "3probe"), ("out", "upgrade", "5")):
        contains((await page.row(direction, kind))["content"], content + " (WebSocket)")
    await page.send("after the move")
    back = await page.row("in", "text")
    equal(back["content"], "after the move", "echo")
    assert 0 <= back["rtt"] < 5000, f"round trip {back['rtt']}"
    await page.screenshot(SHOTS / "engine-upgrade.png")
    await page.click("#disconnect")
    await page.wait("document.querySelector('#session-end')?.dataset.transport === 'websocket'")


@test("Engine.IO stays with polling if it is told to")
async def _(t):
    page = await open_engine(t, "polling")
    await page.send("by polling \u00e9")
    equal((await page.row("in", "text"))["content"], "by polling \u00e9", "echo")
    await page.fill("#hex", "00 1e ff")
    await page.click("#send-binary")
    equal((await page.row("in", "binary"))["content"], "00 1e ff", "echo")
    fields, text = await page.open_row("in", "binary")
    equal((fields["Carried by"], fields["Encoding"]), ("the answer to a GET", "b, then base64: 4 characters"), "packet")
    contains(text, "that is what polling costs")
    equal(await page.text("#carrier"), "Polling", "transport")
    await page.screenshot(SHOTS / "engine-polling.png")
    await page.click("#disconnect")
    await page.wait("document.querySelector('#state').dataset.state === 'closed'")


@test("Engine.IO works over a WebSocket alone")
async def _(t):
    page = await open_engine(t, "websocket")
    await carried_by(page, "websocket")
    await page.send("x")
    equal((await page.row("in", "text"))["content"], "x", "echo")
    equal(await page.rows("local", "moved"), [], "moves")


@test("a burst through the move from polling to a WebSocket is answered to the last message")
async def _(t):
    page = await open_engine(t, "upgrade")
    await page.fill("#burst-count", "2000")
    await page.click("#burst")
    await page.wait("document.querySelector('#burst-status').textContent === '2,000 of 2,000 answered'", 60)
    await carried_by(page, "websocket")


@test("Unicode, control characters and markup stay text")
async def _(t):
    page = await t.page()
    await page.connect()
    text = "Grüße 👩🏽‍🚀🐦 日本語 שלום"
    await page.send(text)
    back = await page.row("in", "text")
    equal((back["content"], back["length"]), (text, len(text.encode())), "received row")
    await page.send("a\tb\u202ec\u0007d\u200de")
    equal((await page.row("in", "text", 2))["content"], "a␉b<202e>c␇d<200d>e", "invisible characters")
    markup = "<img src=x onerror=alert(1)><b>bold</b> &amp;"
    await page.send(markup)
    equal((await page.row("in", "text", 3))["content"], markup, "markup")
    _, shown = await page.open_row("in", "text", 3)
    contains(shown, markup)
    equal(await page.evaluate("document.querySelectorAll('#log img, #log b').length"), 0, "elements made from a message")


@test("binary is echoed and dumped")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.fill("#hex", "0x00 ff:7f-4d,61 72")
    equal(await page.text("#hex-hint"), "6 bytes", "hint")
    await page.click("#send-binary")
    back = await page.row("in", "binary")
    equal((back["content"], back["length"]), ("00 ff 7f 4d 61 72", 6), "received row")
    _, shown = await page.open_row("in", "binary")
    contains(shown, "0000  00 ff 7f 4d 61 72")
    contains(shown, "...Mar")
    for wrong, said in (("0", "Odd number"), ("0g", "g is not a hex digit")):
        await page.fill("#hex", wrong)
        contains(await page.text("#hex-hint"), said)
        await page.click("#send-binary")
    equal(len(await page.rows("out", "binary")), 1, "binary messages sent")


@test("empty messages are messages")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.click("#send")
    equal((await page.row("in", "text"))["length"], 0, "text length")
    await page.fill("#hex", "")
    await page.click("#send-binary")
    equal((await page.row("in", "binary"))["length"], 0, "binary length")
    framing, _ = await page.open_row("in", "binary")
    equal(framing["Whole frame"], "2 + 0 = 2 bytes", "frame")


@test("a message of 1 MiB comes back")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.evaluate("""document.querySelector('#text').value = '0123456789abcdef'.repeat(65536);
        document.querySelector('#send').click()""")
    back = await page.row("in", "text")
    equal(back["length"], 1 << 20, "length")
    equal("not what was sent" in back["content"], False, "difference")
    framing, shown = await page.open_row("in", "text")
    equal(framing["Whole frame"], "10 + 1,048,576 = 1,048,586 bytes", "received frame")
    contains(shown, "the first 4,096 bytes")
    framing, _ = await page.open_row("out", "text")
    equal(framing["Whole frame"], "14 + 1,048,576 = 1,048,590 bytes", "sent frame")
    equal(framing["Extended length, 64 bits"], "00 00 00 00 00 10 00 00 1,048,576", "length field")
    await page.wait("document.querySelector('#buffered').textContent === '0 B'")


@test("a row explains its framing")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.send("hello")
    framing, _ = await page.open_row("out", "text")
    equal(framing["Opcode"], "0001 text", "opcode")
    equal(framing["Mask"], "1 masked", "mask")
    equal(framing["Length, 7 bits"], "0000101 5", "length")
    equal(framing["Whole frame"], "6 + 5 = 11 bytes", "frame")
    equal(framing["Header"], "81 85", "header")
    framing, shown = await page.open_row("in", "text")
    equal(framing["Mask"], "0 not masked", "mask")
    equal(framing["Whole frame"], "2 + 5 = 7 bytes", "frame")
    equal(framing["Header"], "81 05", "header")
    for number, (length, field, value, frame) in enumerate([
            (125, "Length, 7 bits", "1111101 125", "2 + 125 = 127 bytes"),
            (126, "Extended length, 16 bits", "00 7e 126", "4 + 126 = 130 bytes"),
            (65535, "Extended length, 16 bits", "ff ff 65,535", "4 + 65,535 = 65,539 bytes"),
            (65536, "Extended length, 64 bits", "00 00 00 00 00 01 00 00 65,536", "10 + 65,536 = 65,546 bytes")], 1):
        await page.fill("#random-length", str(length))
        await page.click("#send-random")
        framing, _ = await page.open_row("in", "binary", number)
        equal(framing[field], value, f"length field of {length}")
        equal(framing["Whole frame"], frame, f"frame of {length}")


@test("a burst is measured")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.fill("#burst-count", "500")
    await page.fill("#burst-size", "1000")
    await page.fill("#burst-window", "8")
    await page.click("#burst")
    await page.wait("document.querySelector('#burst-status').textContent === '500 of 500 answered'", 60)
    result = await page.evaluate("""Object.fromEntries([...document.querySelectorAll('#burst-result div')]
        .map((fact) => [...fact.children].map((part) => part.textContent)))""")
    equal(sorted(result), ["Each way", "Longest", "Messages/s", "p50", "p90", "p99"], "facts")
    assert int(result["Messages/s"].replace(",", "")) > 0, result
    await page.wait("document.querySelector('#received').textContent === '500 488 KiB'")
    equal(len(await page.rows("in", "binary")), 0, "rows of a burst")
    await page.send("after")
    assert (await page.row("in", "text"))["rtt"] >= 0
    await page.fill("#burst-count", "1000000")
    await page.click("#burst")
    await page.wait("document.querySelector('#burst').textContent === 'Stop'")
    await page.click("#burst")
    await page.wait("document.querySelector('#burst-status').textContent.endsWith('answered, stopped')")


@test("the log is bounded")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.evaluate("for (let i = 0; i < 600; i++) document.querySelector('#send').click()")
    await page.wait("document.querySelector('#received').textContent === '600 0 B'", 30)
    await page.wait("document.querySelector('#dropped').textContent === '201 older rows dropped'")
    equal(await page.evaluate("document.querySelectorAll('#log details').length"), 1000, "rows")
    await page.click("#clear")
    await page.wait("document.querySelectorAll('#log details').length === 0")
    equal(await page.text("#dropped"), "", "dropped rows")


@test("closes with code 4001 and a reason")
async def _(t):
    page = await t.page()
    await page.connect()
    await page.fill("#code", "1001")
    await page.click("#disconnect")
    contains(await page.text("#connection-error"), "3000 to 4999")
    await page.fill("#code", "4001")
    await page.fill("#reason", "à bientôt")
    await page.click("#disconnect")
    await page.wait("document.querySelector('#state').dataset.state === 'closed'")
    equal(await page.evaluate("document.querySelector('#close-code').dataset.code"), "4001", "code")
    contains(await page.text("#close-code"), "4001 Private use")
    # The reply repeats the code alone; the reason was ours.
    for direction, length in (("out", 13), ("in", 2)):
        row = await page.row(direction, "close")
        equal((row["code"], row["length"]), ("4001", length), f"{direction} row")
    framing, _ = await page.open_row("out", "close")
    equal(framing["Opcode"], "1000 close", "opcode")
    await page.connect()
    await page.fill("#code", "")
    await page.fill("#reason", "")
    await page.click("#disconnect")
    await page.wait("document.querySelector('#close-code').dataset.code === '1005'")


@test("two pages chat")
async def _(t):
    pages = [await t.page(), await t.page()]
    for page in pages:
        await page.connect("chat")
    for mine, other in (pages, reversed(pages)):
        said = f"from {mine.target}"
        await mine.send(said)
        await other.wait("[...document.querySelectorAll('#log [data-direction=in] .c')]"
                         f".some((cell) => cell.textContent.includes('{said}'))")
    equal(await pages[0].evaluate("document.querySelector('#burst').disabled"), True, "burst on /chat")
    equal(await pages[0].text("#rtt"), "–", "round trip on /chat")


@test("SIGTERM closes with 1001")
async def _(t):
    async with Server() as server:
        page = await t.page(server.url)
        await page.connect()
        await page.send("before the end")
        await page.row("in", "text")
        server.process.terminate()
        await page.wait("document.querySelector('#close-code').dataset.code === '1001'")
        contains(await page.text("#close-code"), "1001 Going away")
        contains(await page.text("#notice"), "The server began the closing handshake")
        equal((await page.row("in", "close"))["code"], "1001", "row")
        equal(await asyncio.wait_for(server.process.wait(), DEADLINE), 0, "exit status of martlet serve")


@test("a stopped server is explained", expected_problems=REFUSED)
async def _(t):
    async with Server() as server:
        page = await t.page(server.url)
    await page.click("#connect")
    await page.wait("document.querySelector('#notice').textContent.includes('The server does not answer')")
    contains(await page.text("#error"), f"Could not connect to {server.url.replace('http', 'ws')}echo")
    contains(await page.text("#notice"), "Nothing listens at 127.0.0.1:")
    equal(await page.text("#state"), "Not connected", "state")
    contains((await page.row("local", "error"))["content"], "Could not connect to")


@test("a refused origin is explained", expected_problems=REFUSED)
async def _(t):
    async with Server("--allow-origin", "https://example.com") as server:
        page = await t.page(server.url)
        await page.click("#connect")
        await page.wait("document.querySelector('#notice').textContent.includes('refused the handshake')")
        contains(await page.text("#notice"), f"pages of {server.url.rstrip('/')}: it is not an allowed origin")
        await page.screenshot(SHOTS / "refused.png")


@test("an unknown path is explained", expected_problems=REFUSED)
async def _(t):
    page = await t.page()
    await page.fill("#url", "/no-such-endpoint")
    await page.click("#connect")
    await page.wait("document.querySelector('#notice').textContent.includes('Likely cause:')")
    contains(await page.text("#notice"), "There is no WebSocket endpoint at /no-such-endpoint.")
    await page.fill("#url", "ftp://example.com/")
    await page.click("#connect")
    contains(await page.text("#connection-error"), "must be a ws: or wss: URL")
    await page.click("[data-path=echo]")
    await page.fill("#protocols", "not a@token")
    await page.click("#connect")
    contains(await page.text("#connection-error"), "a@token")
    equal(await page.evaluate("document.querySelector('#state').dataset.state"), "failed", "state")


@test("fits a phone and both color schemes")
async def _(t):
    page = await t.page()
    await page.screenshot(SHOTS / "start.png")
    await page.connect()
    await page.send("Hello from the console")
    await page.send("Grüße 👩🏽‍🚀🐦 日本語\twith a tab")
    await page.send('{"id": 7, "method": "subscribe", "params": {"channel": "prices", "depth": 20}}')
    await page.fill("#hex", "de ad be ef 00 4d 61 72 74 6c 65 74")
    await page.click("#send-binary")
    await page.click("#send-random")
    await page.click("#burst")
    await page.wait("document.querySelector('#burst-status').textContent === '1,000 of 1,000 answered'", 60)
    await page.open_row("in", "binary", 1)
    for scheme in ("light", "dark"):
        await page.scheme(scheme)
        await page.screenshot(SHOTS / f"{scheme}.png")
    for width in (390, 820, 1440):
        await page.resize(width, 844)
        equal(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0,
              f"sideways scrolling at {width} pixels")
        if width == 820:
            await page.screenshot(SHOTS / "tablet.png")
    for scheme in ("light", "dark"):
        await page.resize(390, 1900)
        await page.scheme(scheme)
        await page.screenshot(SHOTS / f"phone-{scheme}.png")
    await page.resize(1440, 900)
    await page.fill("#code", "4001")
    await page.fill("#reason", "that was all")
    await page.click("#disconnect")
    await page.wait("document.querySelector('#close-code')")
    await page.screenshot(SHOTS / "closed.png")


SEVERAL_SOCKETS = """(async () => {
    const opened = [];
    for (let index = 0; index < 5; index++) {
        const socket = new WebSocket(`wss://${location.host}/echo`);
        opened.push(new Promise((resolve, reject) => {
            socket.onopen = () => socket.send(`number ${index} `.repeat(1000));
            socket.onmessage = event => { resolve([socket.extensions, event.data.length]); socket.close(4000 + index); };
            socket.onerror = () => reject(new Error("failed"));
        }));
    }
    return JSON.stringify(await Promise.all(opened));
})()"""


@test("wss: goes over HTTP/2, several sockets on the page's own connection, compressed (RFC 8441)")
async def _(t):
    """What Chromium notes of the network is the witness."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "net.json")
        options = ("--ignore-certificate-errors", f"--log-net-log={log}", "--net-log-capture-mode=IncludeSensitive")
        async with Server("--tls-self-signed") as server:
            async with Browser(*options) as browser:
                page = await browser.open(server.url)
                replies = json.loads(await page.evaluate(SEVERAL_SOCKETS))
                equal(len(replies), 5, "echoes")
                for extensions, count in replies:
                    contains(extensions, "permessage-deflate")
                    equal(count, 9000, "characters of an echo")
                equal(page.problems, [], "console and policy")
        notes = json.loads(log.read_text(encoding="utf-8"))
    kinds = {number: name for name, number in notes["constants"]["logEventTypes"].items()}
    sent = [(event["source"]["id"], event["params"]["headers"]) for event in notes["events"]
            if kinds[event["type"]] == "HTTP2_SESSION_SEND_HEADERS"]
    asked = [source for source, headers in sent if ":protocol: websocket" in headers]
    equal(len(asked), 5, "requests for a WebSocket by extended CONNECT")
    equal(len(set(asked)), 1, "connections that they went over")
    equal({source for source, headers in sent if ":path: /" in headers} >= set(asked), True, "the page came over the same one")


async def run(browser, server, name, function, expected):
    context = Context(browser, server)
    began = time.monotonic()
    try:
        async with asyncio.timeout(120):
            await function(context)
        problems = [problem for page in context.pages for problem in page.problems
                    if not (expected and re.search(expected, problem))]
        equal(problems, [], "console and policy")
    except Exception as error:
        print(f"FAIL {name}: {str(error) or type(error).__name__}", flush=True)
        return False
    finally:
        for page in context.pages:
            await page.close()
    print(f"ok   {name} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


async def main(names):
    chosen = [entry for entry in TESTS if not names or any(name in entry[0] for name in names)]
    if not chosen:
        raise RuntimeError("no test has such a name")
    async with Server() as server, Browser() as browser:
        return [await run(browser, server, *entry) for entry in chosen]


if __name__ == "__main__":
    try:
        results = asyncio.run(main(sys.argv[1:]))
    except (Missing, OSError, RuntimeError, asyncio.TimeoutError) as error:
        print(f"FAIL {str(error) or type(error).__name__}")
        results = [False]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)
