"""Where things are."""

from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent
PEERS = BENCHMARKS / "Peers"
# The servers are targets of the package itself, so that what the tests have built is not built again.
PRODUCTS = REPOSITORY / ".build" / "release"
TOOLS = BENCHMARKS / ".build" / "release"
LOAD = TOOLS / "load"

# Ignored by git.
SCRATCH = REPOSITORY / ".build" / "benchmarks"
VENV_PYTHON = SCRATCH / "venv" / "bin" / "python"

REPORT = REPOSITORY / "docs" / "benchmarks.md"
