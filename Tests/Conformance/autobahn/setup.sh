#!/usr/bin/env bash
# The Autobahn test suite (wstest 25.10.1, 517 cases) on Python 3, in a virtual environment of its own.
#
#   usage: setup.sh DIR            afterwards there is DIR/bin/wstest
#   PYTHON=python3.11              the interpreter to use: 3.11, 3.12 or 3.13
#
# Needs the venv module of Python (Debian: python3-venv, which brings lib2to3 on Debian 12) and the package index.
# Does nothing if DIR was completed by these same files. About half a minute otherwise, and 30 MB.
set -euo pipefail

directory=${1:?usage: setup.sh DIR}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

command -v "$python" > /dev/null || { echo "setup.sh: there is no $python" >&2; exit 1; }
if [ -d "$directory" ] && [ -n "$(ls -A "$directory")" ] && [ ! -e "$directory/pyvenv.cfg" ]; then
    echo "setup.sh: $directory is there and is no virtual environment" >&2
    exit 1
fi
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
complete=$directory/complete
# An environment can't be moved, so its place is part of what makes it the same.
content=$("$python" - "$here/setup.sh" "$here/port.py" "$here/octets.py" "$directory" <<'PY'
import hashlib, sys
files = [open(path, "rb").read() for path in sys.argv[1:4]]
print(hashlib.sha256(b"\0".join(files + [sys.argv[4].encode(), sys.version.encode()])).hexdigest())
PY
)
if [ -x "$directory/bin/wstest" ] && [ "$(cat "$complete" 2> /dev/null)" = "$content" ]; then exit 0; fi

rm -f "$complete"
"$python" -m venv --clear "$directory"
venv_python=$directory/bin/python
site_packages=$("$venv_python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip() { "$venv_python" -m pip "$@"; }

# These build the three old source packages (pure Python) without fetching anything else.
pip install -q setuptools==70.3.0 wheel==0.43.0
pip install -q Twisted==24.11.0 attrs==26.1.0 Automat==25.4.16 constantly==23.10.4 hyperlink==21.0.0 idna==3.20 \
    Incremental==24.7.2 typing_extensions==4.16.0 zope.interface==8.7 six==1.17.0
# Masking and UTF-8 validation in C. The suite works without, but its big cases take several times as long.
pip install -q wsaccel==0.6.7 || echo "setup.sh: no wsaccel, going on in pure Python" >&2
# The cases of compression wait for the suite's own most of the time; the compressor of zlib-ng takes a third of it.
pip install -q zlib-ng==1.1.0
# The converter left the standard library with Python 3.13.
"$venv_python" -W ignore -c 'import lib2to3' 2> /dev/null || pip install -q fissix

cat > "$work/library.txt" <<'REQUIREMENTS'
autobahn==0.10.9 --hash=sha256:3fecc1e2a26a0421128ddcfb4e577f0bc669dd65d0e0fdad1c773965cbcef75a
txaio==2.1.0 --hash=sha256:b94e3dbc83760b68955160fc61a2c34e2798f7a90c41672560f40dfd2946a864
REQUIREMENTS
cat > "$work/suite.txt" <<'REQUIREMENTS'
autobahntestsuite==25.10.1 --hash=sha256:b083d6e15330fc16f3e5f0975cce2b15f21bfa0c6db09547316b1852c6dbd6df
REQUIREMENTS
pip install -q --no-deps --no-build-isolation --use-pep517 --no-binary :all: --require-hashes -r "$work/library.txt"
pip download -q --no-deps --no-build-isolation --no-binary :all: --require-hashes -d "$work" -r "$work/suite.txt"
"$venv_python" -W ignore "$here/port.py" "$work/autobahntestsuite-25.10.1.tar.gz" "$site_packages"

cat > "$directory/bin/wstest" <<WSTEST
#!$venv_python
import sys, warnings
warnings.simplefilter("ignore")
from autobahn.websocket import compress_deflate
from autobahntestsuite.wstest import run
from zlib_ng import zlib_ng
compress_deflate.zlib = zlib_ng
sys.exit(run())
WSTEST
chmod +x "$directory/bin/wstest"
"$directory/bin/wstest" -a > /dev/null
"$venv_python" -W ignore - <<'CHECK'
from autobahn.websocket.utf8validator import Utf8Validator
from autobahntestsuite.case import Cases
assert len(Cases) == 517, f"the suite has {len(Cases)} cases instead of 517"
print(f"Autobahn suite: {len(Cases)} cases, UTF-8 validator of {Utf8Validator.__module__}")
CHECK
echo "$content" > "$complete"
