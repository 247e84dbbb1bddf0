"""The raw tests in Python, exactly those that their run.py would run: their modules are imported and asked."""

import re
import sys
from importlib import import_module

from .citation import Citation

WAY = re.compile(r" \[[^\]]*\]$")
PREFIX = re.compile(r"^(?:server|client)(?: \w+)?: ")


def find(folder, root):
    sys.path.insert(0, str(folder))
    parts = import_module("run").PARTS.values()
    tests = [test for part in parts for batch in import_module(part).batches() for test in batch]
    if not tests:
        raise ValueError("there are no raw tests")
    files = _files(folder, root)
    found = {}
    for test in tests:
        # A case that is played in several ways is one case.
        name = WAY.sub("", test.name)
        file = files.get(PREFIX.sub("", name), folder.relative_to(root).as_posix())
        found[name] = Citation(name, file, tuple(test.requirements))
    return list(found.values())


def _files(folder, root):
    """Where a case is written, by name: the modules' tables hold objects or tuples that begin with a name."""
    files = {}
    for path in sorted(folder.glob("*.py")):
        for value in vars(import_module(path.stem)).values():
            if isinstance(value, list):
                for entry in value:
                    name = entry[0] if isinstance(entry, tuple) and entry else getattr(entry, "name", None)
                    if isinstance(name, str):
                        files.setdefault(PREFIX.sub("", name), path.relative_to(root).as_posix())
    return files
