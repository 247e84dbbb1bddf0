"""Starting servers and the load generator, each on its own core."""

import json
import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .paths import LOAD, SCRATCH
from .servers import Server, SetupError
from .workloads import Effort, Workload

START_SECONDS = 20


class MeasurementError(Exception):
    """A server or the generator failed; the message says which and shows its last words."""


def allow_open_files(count: int) -> None:
    """Raises the limit for this process and the servers it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))
        except (ValueError, PermissionError):
            raise SetupError(f"{count} open files are needed, the limit is {hard}: raise it with ulimit -Hn")


def choose_cores() -> tuple[int, int]:
    """A core for the server and one for the generator."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SetupError("two cores are needed, one for the server and one for the generator")
    return cores[0], cores[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def log_of(server: Server) -> Path:
    return SCRATCH / f"{server.name}.log"


def failure(server: Server, what: str) -> MeasurementError:
    """An error that ends with the last lines the server printed."""
    lines = log_of(server).read_text(errors="replace").splitlines()[-10:]
    return MeasurementError("\n".join([f"{server.name}: {what}", *lines]))


@contextmanager
def running(server: Server, core: int) -> Iterator[tuple[int, int]]:
    """Runs the server on `core`; gives its process id and port."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    port = free_port()
    # taskset becomes the server by exec, so the process id is the server's.
    command = ["taskset", "-c", str(core), *server.command_line(port)]
    with log_of(server).open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | server.environment,
        )
    try:
        wait_until_listening(server, process, port)
        yield process.pid, port
        if process.poll() is not None:
            raise failure(server, f"ended with status {process.returncode}")
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_listening(server: Server, process: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise failure(server, f"ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise failure(server, f"does not listen after {START_SECONDS} s")


def measure_echo(server: Server, workload: Workload, effort: Effort, cores: tuple[int, int]) -> dict:
    """One run of one workload against a fresh process of the server."""
    with running(server, cores[0]) as (pid, port):
        command = ["taskset", "-c", str(cores[1]), str(LOAD), "echo"]
        command += ["--port", str(port), "--pid", str(pid)]
        command += ["--connections", str(workload.connections), "--payload", str(workload.payload)]
        command += ["--in-flight", str(workload.in_flight)]
        command += ["--warmup", str(effort.warmup_seconds), "--seconds", str(effort.seconds)]
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise failure(server, f"{workload.name}: {result.stderr.strip()}")
    measured = json.loads(result.stdout)
    if measured["server_cpu_share"] < 0.005:
        raise failure(server, "used no CPU: does its command start another process instead of becoming it?")
    return measured


@contextmanager
def idle_connections(server: Server, port: int, count: int, core: int) -> Iterator[dict]:
    """Holds `count` open connections that say nothing."""
    command = ["taskset", "-c", str(core), str(LOAD), "idle", "--port", str(port), "--connections", str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        if line:
            yield json.loads(line)
        _, errors = process.communicate("\n")
        if process.returncode != 0:
            raise failure(server, f"idle connections: {errors.strip()}")


def settled_resident_bytes(pid: int) -> int:
    """Resident memory once it stands still for a second, or after ten seconds."""
    previous, still_since = -1, time.monotonic()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        current = resident_bytes(pid)
        if abs(current - previous) > 64 << 10:
            previous, still_since = current, time.monotonic()
        elif time.monotonic() - still_since >= 1:
            break
        time.sleep(0.1)
    return resident_bytes(pid)


def resident_bytes(pid: int) -> int:
    # VmRSS in /proc/PID/status is summed lazily per core; this walks the page tables and is exact.
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) << 10
    raise MeasurementError(f"process {pid} reports no resident memory")


def measure_idle(server: Server, effort: Effort, cores: tuple[int, int]) -> dict:
    """Resident memory per idle connection of a fresh process of the server."""
    count = effort.idle_connections
    with running(server, cores[0]) as (pid, port):
        # First a few connections that go again: code and tables that every connection shares are then resident.
        with idle_connections(server, port, 100, cores[1]):
            pass
        before = settled_resident_bytes(pid)
        with idle_connections(server, port, count, cores[1]) as opened:
            after = settled_resident_bytes(pid)
    return {
        "connections": count,
        "resident_bytes_before": before,
        "resident_bytes_after": after,
        "bytes_per_connection": (after - before) / count,
        "open_seconds": opened["seconds"],
    }
