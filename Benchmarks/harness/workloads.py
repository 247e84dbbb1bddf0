"""The workloads, and how long each is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    connections: int
    payload: int
    in_flight: int

    @property
    def name(self) -> str:
        """The name that --workload takes: connections x payload x messages in flight."""
        return f"{self.connections}x{byte_count(self.payload).replace(' ', '')}x{self.in_flight}"

    @property
    def title(self) -> str:
        return f"{self.connections} × {byte_count(self.payload)} × {self.in_flight}"


def byte_count(count: int) -> str:
    for unit, size in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size and count % size == 0:
            return f"{count // size} {unit}"
    return f"{count} B"


WORKLOADS = (
    Workload(100, 20, 1),
    Workload(100, 20, 64),
    Workload(100, 1 << 10, 1),
    Workload(100, 1 << 10, 16),
    Workload(10, 16 << 10, 1),
    Workload(4, 1 << 20, 1),
)

IDLE = "idle"


@dataclass(frozen=True)
class Effort:
    """How much time one run spends."""

    rounds: int
    warmup_seconds: float
    seconds: float
    idle_connections: int


FULL = Effort(rounds=3, warmup_seconds=0.7, seconds=2.0, idle_connections=10_000)
QUICK = Effort(rounds=1, warmup_seconds=0.3, seconds=0.5, idle_connections=2_000)
