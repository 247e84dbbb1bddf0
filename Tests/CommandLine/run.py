#!/usr/bin/env python3
"""The command line as a user sees it: `martlet serve`, `connect` and `inspect`.

    pip install -r Tests/Interoperability/requirements.txt        and Debian's packages openssl and tshark
    MARTLET=.build/release/martlet python3 Tests/CommandLine/run.py [part of a name ...]

The last line counts the tests.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interoperability"))

from harness import main  # noqa: E402

try:
    import connect_tests  # noqa: E402,F401
    import help_tests  # noqa: E402,F401
    import inspect_tests  # noqa: E402,F401
    import interactive_tests  # noqa: E402,F401
    import serve_tests  # noqa: E402,F401
except ModuleNotFoundError as error:
    sys.exit(f"FAIL {error}: pip install -r Tests/Interoperability/requirements.txt\n0 passed, 1 failed")

if __name__ == "__main__":
    main()
