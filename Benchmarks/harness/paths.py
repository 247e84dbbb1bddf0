"""Where things are."""

from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent
PEERS = BENCHMARKS / "Peers"
PRODUCTS = BENCHMARKS / ".build" / "release"
LOAD = PRODUCTS / "load"

# Ignored by git.
SCRATCH = REPOSITORY / ".build" / "benchmarks"
VENV_PYTHON = SCRATCH / "venv" / "bin" / "python"

REPORT = REPOSITORY / "docs" / "benchmarks.md"
