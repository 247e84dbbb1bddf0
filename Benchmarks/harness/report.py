"""Results as a Markdown table."""

import datetime
import os
from pathlib import Path
from statistics import median

from .paths import REPORT
from .servers import Server
from .workloads import IDLE, Effort, Workload

BEGIN = "<!-- benchmarks:begin (written by Benchmarks/run --write) -->"
END = "<!-- benchmarks:end -->"

# (workload name or "idle", server name) → one value per round
Samples = dict[tuple[str, str], list[float]]


def three_digits(value: float) -> str:
    """Three significant digits; more would show noise."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def machine() -> str:
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    system = os.uname()
    return f"{model}, {os.cpu_count()} cores, {system.sysname} {system.release} {system.machine}"


def table(rows: list[tuple[str, str]], servers: list[Server], samples: Samples, baseline: str | None) -> str:
    """`rows` are pairs of a key in `samples` and a title."""
    lines = ["| | " + " | ".join(server.name for server in servers) + " |", "|---|" + "---:|" * len(servers)]
    for key, title in rows:
        middles = {server.name: median(samples[key, server.name]) for server in servers}
        cells = []
        for server in servers:
            cell = three_digits(middles[server.name])
            if baseline is not None and server.name != baseline:
                cell += f" ({middles[server.name] / middles[baseline]:.2f}×)"
            cells.append(cell)
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def widest_spread(samples: Samples) -> float:
    """The largest ratio between the rounds of one echo workload and server."""
    ratios = [max(values) / min(values) for (key, _), values in samples.items() if key != IDLE]
    return max(ratios, default=1.0)


def is_disturbed(result: dict) -> bool:
    """Whether other work took part of the cores: in a closed loop the server or the generator is always busy."""
    return max(result["server_cpu_share"], result["generator_cpu_share"]) < 0.9


def report(
    command: str,
    workloads: list[Workload],
    with_idle: bool,
    servers: list[Server],
    samples: Samples,
    disturbed: int,
    effort: Effort,
    baseline: str | None,
) -> str:
    rows = [(workload.name, f"{workload.title}, µs") for workload in workloads]
    if with_idle:
        rows.append((IDLE, f"{effort.idle_connections:,} idle, KiB each"))
    versions = [f"{server.name}: {version}" for server in servers if (version := server.version()) is not None]
    notes = [
        f"`{command}`",
        f"{datetime.date.today()}. {machine()}.",
        "Echo rows (connections × payload × messages in flight on each): CPU time of the server process, user and "
        "system, per echoed message. Idle row: resident memory per connection. One event loop on a core of its own, "
        "the load generator on another, loopback, no TLS, no compression. "
        + (f"Median of {effort.rounds} rounds; " if effort.rounds > 1 else "One round. ")
        + (f"the rounds of a cell differ by {widest_spread(samples) - 1:.0%} at most." if effort.rounds > 1 else ""),
    ]
    if disturbed > 0:
        notes.append(f"In {disturbed} echo runs neither process had 90 % of its core: the machine was not idle.")
    if baseline is not None:
        notes.append(f"In brackets: ratio to {baseline}.")
    if versions:
        notes.append("; ".join(versions) + ".")
    return "\n\n".join([table(rows, servers, samples, baseline), *(note.strip() for note in notes)])


def write(text: str) -> None:
    """Puts the text between the markers of docs/benchmarks.md, which is made if there is none."""
    block = f"{BEGIN}\n{text}\n{END}"
    if not REPORT.exists():
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(f"# Benchmarks\n\n{block}\n")
        return
    before, begin, rest = REPORT.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{REPORT} lacks the lines\n{BEGIN}\n{END}")
    REPORT.write_text(before + block + after)
