"""The servers that can be measured, and what each needs before it runs."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .paths import BENCHMARKS, PEERS, PRODUCTS, REPOSITORY, SCRATCH, VENV_PYTHON


class SetupError(Exception):
    """Something is missing that the user has to provide."""


@dataclass(frozen=True)
class Server:
    name: str
    # `{port}` stands for the port.
    command: tuple[str, ...]
    prepare: Callable[[], None] = lambda: None
    # What was measured, in words, for the line below the table.
    version: Callable[[], str | None] = lambda: None
    environment: dict[str, str] = field(default_factory=dict)

    def command_line(self, port: int) -> list[str]:
        return [part.replace("{port}", str(port)) for part in self.command]


# Debian's modules lie where only Debian's own node looks for them.
NODE_PATH = "/usr/share/nodejs"


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def build_product(name: str, package: Path = REPOSITORY) -> None:
    """Builds one product only: the NIO server must be measurable while the library does not compile."""
    command = ["swift", "build", "-c", "release", "--package-path", str(package), "--product", name]
    print(f"building {name}", file=sys.stderr)
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        raise SetupError(f"{name} does not build")


def build_load() -> None:
    build_product("load", BENCHMARKS)


def prepare_venv() -> None:
    requirements = PEERS / "requirements.txt"
    stamp = SCRATCH / "venv" / "installed.txt"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return
    print("installing the Python peers", file=sys.stderr)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(SCRATCH / "venv")], check=True, stdout=sys.stderr)
        install = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)]
        subprocess.run(install, check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        raise SetupError(f"the Python peers could not be installed (Debian: apt install python3-venv): {error}")
    stamp.write_text(requirements.read_text())


def prepare_node() -> None:
    if shutil.which("node") is None or not Path(NODE_PATH, "ws").is_dir():
        raise SetupError("node or its module ws is missing: apt install nodejs node-ws, or leave node-ws out with --only")


def python_version(package: str) -> str:
    script = f"import importlib.metadata, platform; print(importlib.metadata.version('{package}'), platform.python_version())"
    version, python = output_of(str(VENV_PYTHON), "-c", script).split()
    return f"{package} {version} on Python {python}"


def node_version() -> str:
    manifest = json.loads(Path(NODE_PATH, "ws", "package.json").read_text())
    return f"ws {manifest['version']} on node {output_of('node', '--version').removeprefix('v')}"


def nio_version() -> str | None:
    resolved = json.loads((REPOSITORY / "Package.resolved").read_text())
    versions = (pin["state"].get("version") for pin in resolved["pins"] if pin["identity"] == "swift-nio")
    return f"swift-nio {next(versions, None)}"


SERVERS = (
    Server(
        name="Martlet callback",
        command=(str(PRODUCTS / "martlet-server"), "callback", "{port}"),
        prepare=lambda: build_product("martlet-server"),
    ),
    Server(
        name="Martlet async",
        command=(str(PRODUCTS / "martlet-server"), "async", "{port}"),
        prepare=lambda: build_product("martlet-server"),
    ),
    Server(
        name="NIOWebSocket",
        command=(str(PRODUCTS / "nio-websocket-server"), "{port}"),
        prepare=lambda: build_product("nio-websocket-server"),
        version=nio_version,
    ),
    Server(
        name="node-ws",
        command=("node", str(PEERS / "node_ws.js"), "{port}"),
        prepare=prepare_node,
        version=node_version,
        environment={"NODE_PATH": NODE_PATH},
    ),
    Server(
        name="picows",
        command=(str(VENV_PYTHON), str(PEERS / "picows_server.py"), "{port}"),
        prepare=prepare_venv,
        version=lambda: f"{python_version('picows')} with uvloop",
    ),
    Server(
        name="python-websockets",
        command=(str(VENV_PYTHON), str(PEERS / "python_websockets.py"), "{port}"),
        prepare=prepare_venv,
        version=lambda: python_version("websockets"),
    ),
)


def given_server(argument: str) -> Server:
    """A server from the command line, NAME=COMMAND."""
    name, separator, command = argument.partition("=")
    parts = shlex.split(command)
    if not separator or not name or not any("{port}" in part for part in parts):
        raise SetupError(f"--peer {argument}: expected NAME=COMMAND with {{port}} in the command")
    if shutil.which(parts[0]) is None:
        raise SetupError(f"--peer {name}: there is no program {parts[0]}")
    if os.sep in parts[0]:
        parts[0] = str(Path(parts[0]).resolve())
    return Server(name=name, command=tuple(parts))
