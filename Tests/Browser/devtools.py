"""Headless Chromium, driven over the Chrome DevTools Protocol."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

from websockets.asyncio.client import connect

DEADLINE = 15.0

KEYS = {
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
}

# Resolves once an expression is true, looking again whenever the document changes.
WAIT = """new Promise((resolve, reject) => {
  const holds = () => { try { return %(expression)s } catch { return false } };
  const finish = (settle, value) => { observer.disconnect(); clearTimeout(timer); settle(value); };
  const look = () => { const value = holds(); if (value) finish(resolve, value); };
  const observer = new MutationObserver(look);
  const timer = setTimeout(() => finish(reject, new Error(
    %(source)s + ' did not come true; state: ' + document.querySelector('#state')?.textContent
    + '; log: ' + [...document.querySelectorAll('#log summary')].slice(-4).map((row) => row.textContent.slice(0, 80)).join(' | '))), %(millis)d);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
})"""


class Missing(Exception):
    """A tool that the tests need is not installed."""


def find_chromium():
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (path := shutil.which(name)):
            return path
    raise Missing("no Chromium: install the Debian package chromium, or name a browser in $CHROMIUM")


class Browser:
    def __init__(self, *options):
        self.options = options

    async def __aenter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="martlet-browser-", ignore_cleanup_errors=True)
        self.process = await asyncio.create_subprocess_exec(
            find_chromium(), "--headless=new", "--no-sandbox", "--no-first-run", "--no-proxy-server",
            "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--remote-debugging-port=0", f"--user-data-dir={self.profile.name}", *self.options, "about:blank",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self.commands = itertools.count(1)
        self.replies = {}
        self.tabs = {}
        try:
            endpoint = await asyncio.wait_for(self._endpoint(), 60)
            self.drain = asyncio.create_task(self._drain())
            self.socket = await connect(endpoint, proxy=None, max_size=None, ping_interval=None, compression=None)
        except BaseException:
            await self._kill()
            raise
        self.reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_):
        try:
            await self.call("Browser.close")
            await asyncio.wait_for(self.process.wait(), DEADLINE)
        except Exception:
            pass
        await self.socket.close()
        self.reader.cancel()
        self.drain.cancel()
        await self._kill()

    async def _kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        await self.process.wait()
        self.profile.cleanup()

    async def _endpoint(self):
        said = []
        while line := (await self.process.stderr.readline()).decode(errors="replace"):
            said.append(line)
            if line.startswith("DevTools listening on "):
                return line.split()[-1]
        raise RuntimeError("Chromium ended at once: " + "".join(said[-5:]))

    async def _drain(self):
        while await self.process.stderr.read(65536):
            pass

    async def _read(self):
        async for message in self.socket:
            message = json.loads(message)
            if "id" in message:
                reply = self.replies.pop(message["id"], None)
                if reply and not reply.done():
                    reply.set_result(message)
            elif tab := self.tabs.get(message.get("sessionId")):
                tab.notify(message["method"], message["params"])

    async def call(self, method, params=None, session=None, deadline=DEADLINE):
        number = next(self.commands)
        command = {"id": number, "method": method, "params": params or {}}
        if session:
            command["sessionId"] = session
        self.replies[number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps(command))
        reply = await asyncio.wait_for(self.replies[number], deadline)
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']['message']}")
        return reply["result"]

    async def open(self, url):
        target = (await self.call("Target.createTarget", {"url": "about:blank", "newWindow": True}))["targetId"]
        session = (await self.call("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        tab = self.tabs[session] = Tab(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.call(f"{domain}.enable")
        await tab.call("Emulation.setFocusEmulationEnabled", {"enabled": True})
        await tab.call("Runtime.addBinding", {"name": "policyViolation"})
        await tab.call("Page.addScriptToEvaluateOnNewDocument", {
            "source": "addEventListener('securitypolicyviolation', (event) => "
                      "policyViolation(`${event.effectiveDirective} ${event.blockedURI}`))"})
        await tab.resize(1440, 900)
        await tab.navigate(url)
        return tab


class Tab:
    def __init__(self, browser, target, session):
        self.browser = browser
        self.target = target
        self.session = session
        self.problems = []
        self.requests = []
        self.loaded = asyncio.Event()
        self.changed = asyncio.Event()

    def notify(self, method, params):
        self.changed.set()
        if method == "Page.loadEventFired":
            self.loaded.set()
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.bindingCalled":
            self.problems.append(f"policy violation: {params['payload']}")
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.problems.append("console: " + " ".join(str(value.get("value")) for value in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            entry = params["entry"]
            self.problems.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")

    async def call(self, method, params=None, deadline=DEADLINE):
        return await self.browser.call(method, params, self.session, deadline)

    async def navigate(self, url):
        self.loaded.clear()
        result = await self.call("Page.navigate", {"url": url})
        if "errorText" in result:
            raise AssertionError(f"{url}: {result['errorText']}")
        await asyncio.wait_for(self.loaded.wait(), DEADLINE)

    async def close(self):
        await self.browser.call("Target.closeTarget", {"targetId": self.target})
        del self.browser.tabs[self.session]

    async def evaluate(self, expression, deadline=DEADLINE):
        reply = await self.call("Runtime.evaluate", {
            "expression": expression, "awaitPromise": True, "returnByValue": True}, deadline + 5)
        if "exceptionDetails" in reply:
            details = reply["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details["text"]).split("\n    at ")[0])
        return reply["result"].get("value")

    async def wait(self, expression, deadline=DEADLINE):
        """Waits until the JavaScript expression is true and returns its value."""
        return await self.evaluate(
            WAIT % {"expression": f"({expression})", "source": json.dumps(expression), "millis": deadline * 1000}, deadline)

    async def until(self, holds):
        """Waits until the browser has reported what makes `holds()` true."""
        async with asyncio.timeout(DEADLINE):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    async def click(self, selector):
        """Clicks where a person would: the element must be enabled and not covered."""
        await self.wait(f"document.querySelector({json.dumps(selector)}).matches(':enabled, summary')")
        x, y = await self.evaluate("""(() => {
          const element = document.querySelector(%s);
          element.scrollIntoView({ block: 'nearest' });
          const box = element.getBoundingClientRect();
          const x = box.x + box.width / 2, y = box.y + box.height / 2;
          const hit = document.elementFromPoint(x, y);
          if (!element.contains(hit)) throw new Error(%s + ' is covered by ' + hit?.outerHTML.slice(0, 80));
          return [x, y];
        })()""" % (json.dumps(selector), json.dumps(selector)))
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})

    async def fill(self, selector, text):
        """Replaces what a field holds."""
        await self.click(selector)
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).select()")
        if text:
            await self.call("Input.insertText", {"text": text})
        else:
            await self.call("Input.dispatchKeyEvent", {
                "type": "keyDown", "key": "Delete", "code": "Delete", "windowsVirtualKeyCode": 46})

    async def press(self, key, shift=False):
        modifiers = 8 if shift else 0
        await self.call("Input.dispatchKeyEvent", {"type": "keyDown", "modifiers": modifiers, **KEYS[key]})
        await self.call("Input.dispatchKeyEvent", {"type": "keyUp", "modifiers": modifiers, **{**KEYS[key], "text": ""}})

    async def accessible(self, roles):
        """The (role, name) of each exposed node with one of these roles."""
        nodes = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", ""))
                for node in nodes if not node.get("ignored") and node.get("role", {}).get("value") in roles]

    async def resize(self, width, height):
        await self.call("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 2 if width < 600 else 1, "mobile": width < 600})

    async def scheme(self, name):
        await self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    async def screenshot(self, path):
        image = await self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": False})
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(image["data"]))
