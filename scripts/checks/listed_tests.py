"""Tests of a harness that can list them: `run.py --list` prints [name, file, requirements] of each as JSON."""

import json
import subprocess
import sys

from .citation import Citation


def find(harness):
    """The harness runs by itself: it may need packages, and modules of its own."""
    listed = subprocess.run([sys.executable, "-B", str(harness), "--list"], capture_output=True, text=True, timeout=60)
    if listed.returncode != 0:
        raise ValueError(f"{harness.name} can't list its tests: {listed.stderr.strip().splitlines()[-1:]}")
    tests = [Citation(name, file, tuple(numbers)) for name, file, numbers in json.loads(listed.stdout)]
    if not tests:
        raise ValueError(f"{harness} lists no tests")
    return tests
