#!/usr/bin/env python3
"""Real clients of Socket.IO, unmodified, against `martlet serve`: the JavaScript client in Chromium and in Node, and python-socketio.

    pip install -r Tests/SocketIO/requirements.txt        and Debian's packages chromium, nginx-light, nodejs, node-ws, node-xmlhttprequest
    MARTLET=.build/release/martlet python3 Tests/SocketIO/run.py [part of a name ...]

The JavaScript client is the bundle that the package nicegui brings along. The last line counts the tests.
"""

import asyncio
import importlib.util
import json
import os
import shutil
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Browser"))

from devtools import Browser, Missing  # noqa: E402

import python_client  # noqa: E402
import slow  # noqa: E402
import swift_client  # noqa: E402
from harness import Control, Failure, Forwarder, Server  # noqa: E402
from nginx import Nginx, free_port  # noqa: E402

MODES = {"poll then upgrade": ["polling", "websocket"], "polling only": ["polling"], "WebSocket only": ["websocket"]}
STREAM_SECONDS = 60
DEADLINE = 150


def bundle():
    """The browser bundle of the client, from the installed package; the package itself is not run."""
    found = importlib.util.find_spec("nicegui")
    file = found and Path(found.submodule_search_locations[0], "static", "socket.io.min.js")
    if not file or not file.is_file():
        raise Failure("there is no socket.io.min.js in the package nicegui: pip install -r Tests/SocketIO/requirements.txt")
    text = file.read_text()
    if "Socket.IO v4.8" not in text:
        raise Failure(f"{file.name} is not version 4.8: {text[:60]!r}")
    return file, text


async def in_node(file, scenario, options):
    node = shutil.which("node")
    if node is None:
        raise Failure("node is missing: install the Debian package nodejs")
    modules = os.pathsep.join(filter(None, (os.environ.get("NODE_PATH"), "/usr/share/nodejs")))
    process = await asyncio.create_subprocess_exec(
        node, str(HERE / "node_client.js"), str(file), scenario, json.dumps(options),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, "NODE_PATH": modules})
    try:
        said = (await process.communicate())[0].decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0 or said.splitlines()[-1:] != ["ok"]:
        raise Failure(said[-500:] or f"node ended with status {process.returncode}")


async def in_chromium(browser, origin, scenario, options):
    tab = await browser.open(origin + "/")
    try:
        await tab.evaluate(f"runScenario({json.dumps(scenario)}, {json.dumps(options)})", deadline=DEADLINE - 10)
    finally:
        await tab.close()


class Tests:
    def __init__(self, names):
        self.names = names
        self.results = []

    async def run(self, name, test):
        if self.names and not any(part in name for part in self.names):
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                note = await test()
            problem = None
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - began
        print(f"FAIL {name}: {problem}" if problem else f"ok   {name} ({seconds:.1f} s)", flush=True)
        if not problem and note:
            print(f"     {note}")
        self.results.append(not problem)


async def main(names):
    tests = Tests(names)
    file, text = bundle()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        # The page comes from another origin, which the server has to allow: so that is needed first.
        server = Server()
        forwarder = await enter(Forwarder(server))
        control = await enter(Control(server, forwarder, text))
        server.options = ("--allow-origin", control.origin)
        await enter(server)
        steady = await enter(Server("--allow-origin", control.origin))
        nginx = await enter(Nginx(steady))
        browser = await enter(Browser())
        options = {"url": server.url, "forwarded": f"http://127.0.0.1:{forwarder.port}", "harness": control.origin, "seconds": STREAM_SECONDS}

        async def python(scenario, **values):
            return await python_client.SCENARIOS[scenario](**{**options, **values}, control=control)

        async def streams(name, port, expected, seconds):
            values = {**options, "proxied": f"http://127.0.0.1:{port}", "expected": expected, "seconds": seconds}
            await asyncio.gather(
                tests.run(f"Chromium, {name}", lambda: in_chromium(browser, control.origin, "stream", values)),
                tests.run(f"python-socketio, {name}", lambda: python("stream", **values)))

        # A minute of waiting, beside everything else and on a server of its own, which is not restarted.
        blocked = asyncio.create_task(streams("nginx that does not forward Upgrade: polling, nothing lost", nginx.blocked, "polling", STREAM_SECONDS))
        for mode, transports in MODES.items():
            for scenario in ("basics", "namespaces", "restart"):
                values = {**options, "transports": transports}
                await tests.run(f"python-socketio, {scenario}, {mode}", lambda: python(scenario, transports=transports))
                await tests.run(f"Node, {scenario}, {mode}", lambda: in_node(file, scenario, values))
                await tests.run(f"Chromium, {scenario}, {mode}", lambda: in_chromium(browser, control.origin, scenario, values))
            await tests.run(f"python-socketio, cut, {mode}", lambda: python("cut", transports=transports, token=f"{free_port()}"))
            values = {**options, "transports": transports, "token": f"{free_port()}"}
            await tests.run(f"Node, recovery, {mode}", lambda: in_node(file, "recovery", values))
            values = {**values, "token": f"{free_port()}"}
            await tests.run(f"Chromium, recovery, {mode}", lambda: in_chromium(browser, control.origin, "recovery", values))
        for mode, transport in {"poll then upgrade": "upgrade", "polling only": "polling", "WebSocket only": "websocket"}.items():
            await tests.run(f"our client and python-socketio's server, {mode}", lambda: swift_client.against_python(transport))
            await tests.run(f"our client sends much at once to python-socketio's server, {mode}", lambda: swift_client.many_to_python(transport))
            await tests.run(f"our client is cut off and comes back, {mode}", lambda: swift_client.cut_off(forwarder, control, transport))
        await tests.run("our client behind nginx that does not forward Upgrade", lambda: swift_client.behind_proxy(nginx.blocked))
        await tests.run("clients that never read", lambda: slow.never_reading(server))
        await streams("nginx that forwards Upgrade: WebSocket, nothing lost", nginx.open, "websocket", 5)
        await blocked
    if not tests.results:
        print("FAIL no test has such a name")
        tests.results.append(False)
    return tests.results


if __name__ == "__main__":
    try:
        results = asyncio.run(main(sys.argv[1:]))
    except (Failure, Missing, OSError, TimeoutError) as error:
        print(f"FAIL {error or type(error).__name__}")
        results = [False]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)
