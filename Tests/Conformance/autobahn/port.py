"""Converts the Autobahn test suite, which is written for Python 2, to Python 3.

    port.py SOURCE_PACKAGE.tar.gz SITE_PACKAGES

Text and bytes: what was a byte string in Python 2 stays a str here, in which every character (U+0000 to U+00FF) stands
for one octet. It becomes bytes (latin-1: an error for any character above U+00FF) only where the suite hands it to the
WebSocket library, and what the library hands over becomes such a str. So no test case has to be edited: indexing,
slicing, chr(), ''.join() and comparing work as they did. Sources are read as latin-1 for the same reason, since the
cases 6.2.* have UTF-8 in their literals.

Every replacement must match exactly as often as it says, else the conversion stops. In the replaced code lines are
indented by three, as they are in the suite.
"""

import os
import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

try:
    from lib2to3.refactor import RefactoringTool
    FIXES = "lib2to3.fixes.fix_"
except ImportError:  # Python 3.13 and later
    from fissix.refactor import RefactoringTool
    FIXES = "fissix.fixes.fix_"

PACKAGE = "autobahntestsuite"
MODULES = ("_version", "caseset", "choosereactor", "echo", "testee", "fuzzing", "report", "spectemplate", "wstest")
FIXERS = ("print", "except", "raise", "has_key", "xrange", "import", "unicode", "ne", "repr", "tuple_params")
DATA = ("testdata", "web/fuzzingserver", "web/echoserver")


class Suite:
    """The sources of the suite, by path inside the package, as they become Python 3."""

    def __init__(self, source):
        tool = RefactoringTool([FIXES + fixer for fixer in FIXERS], {}, explicit=None)
        cases = sorted(path.relative_to(source).as_posix() for path in (source / "case").glob("*.py"))
        self.text = {}
        for name in [f"{module}.py" for module in MODULES] + cases:
            text = (source / name).read_bytes().decode("latin-1").replace("\r\n", "\n")
            text = leave_out(name, text if text.endswith("\n") else text + "\n")
            self.text[name] = str(tool.refactor_string(text, str(source / name)))

    def replace(self, name, old, new, count=1):
        found = self.text[name].count(old)
        assert found == count, f"{name}: {found} matches instead of {count} for {old!r}"
        self.text[name] = self.text[name].replace(old, new)


def leave_out(name, text):
    """Takes out what is not ported: the suite for WAMP, and modes of wstest that have nothing to do with the cases."""

    def without(pattern, count=1):
        nonlocal text
        text, found = re.subn("(?m)" + pattern, "", text)
        assert found == count, f"{name}: {found} matches instead of {count} for {pattern!r}"

    if name == "report.py":
        text = text[:text.index("\nREPORT_DIR_PERMISSIONS")] + "\n"
        assert text.count("import jinja2\n") == 1
        text = text.replace("import jinja2\n", "").replace('           "HtmlReport")', '           )')
    elif name == "wstest.py":
        for module in ("broadcast", "massconnect", "serializer"):
            without(rf"^import {module}\n")
        for mode in ("broadcastclient", "broadcastserver", "massconnect"):
            without(rf"^            '{mode}',\n")
        without(r"^            'serializer'\n")
        without(r'^      elif self.mode == "(broadcast\w+|massconnect|serializer|wsperf\w+)":\n         return .*\n\n', count=6)
    return text


def port_cases(suite):
    # old-style class mixed with object: "(object, Case)" has no Python 3 MRO
    for f in ("case/case6_x_x.py", "case/case7_7_X.py", "case/case7_9_X.py", "case/case9_7_X.py"):
        suite.replace(f, "(object, Case, )", "(Case, )")
    suite.replace("case/case12_x_x.py", "(object, Case, )", "(Case, )", 2)

    # comparing pickles is not comparing values (memo, protocol): compare values and types
    suite.replace("case/case.py", "return pickle.dumps(obj1) == pickle.dumps(obj2)", "return same(obj1, obj2)")
    suite.replace("case/case.py", "import pickle\n", "from autobahntestsuite.octets import same\n")

    # hex dumps of octet strings
    for f in sorted(suite.text):
        if f.startswith("case/") and "binascii." in suite.text[f]:
            s, n = re.subn(r"(?m)^import (.*, )?binascii$", lambda m: (
                "import %s\n" % m.group(1)[:-2] if m.group(1) else "")
                + "from autobahntestsuite.octets import binascii", suite.text[f])
            assert n in (1, 2), (f, n)                    # case6_x_x imports it twice
            suite.text[f] = s

    # the library's validator wants bytes
    suite.replace("case/case6_x_x.py", "res = v.validate(vss[:i])", "res = v.validate(to_bytes(vss[:i]))")
    suite.replace("case/case6_x_x.py", "import Utf8Validator\n",
        "import Utf8Validator\nfrom autobahntestsuite.octets import to_bytes\n")

    # integer division
    suite.replace("case/case10_1_1.py", "len(self.payload) / self.p.autoFragmentSize",
        "len(self.payload) // self.p.autoFragmentSize")

    # 12.*/13.*: test data are bytes already; what comes back is an octet string
    suite.replace("case/case12_x_x.py", "def onMessage(self, msg, binary):\n",
        "def onMessage(self, msg, binary):\n   msg = to_bytes(msg)\n")
    suite.replace("case/case12_x_x.py", "from autobahn.websocket.compress import *\n",
        "from autobahn.websocket.compress import *\n"
        "from autobahntestsuite.octets import to_bytes, resource_filename\n")
    suite.replace("case/case12_x_x.py", "pkg_resources.resource_filename(", "resource_filename(", 3)
    suite.replace("case/case12_x_x.py", "import copy, os, pkg_resources, hashlib\n", "import copy, os, hashlib\n")

    # not part of the suite's list of cases; uses zope.interface.implements (Python 2 only)
    suite.replace("case/__init__.py", "from .case9_9_1 import *\n", "")
    del suite.text["case/case9_9_1.py"]

    # descriptions are text, not octets
    suite.text["case/__init__.py"] += '''
for c in Cases:
   c.DESCRIPTION = c.DESCRIPTION.encode('latin-1').decode('utf-8')
   c.EXPECTATION = c.EXPECTATION.encode('latin-1').decode('utf-8')
'''

    # invalid escape in a str literal (a SyntaxWarning from Python 3.12 on)
    suite.replace("caseset.py", "'\\.'", "'\\\\.'", 3)


def port_fuzzing(suite):
    suite.replace("fuzzing.py", "import os, json, binascii, time, textwrap, pkg_resources\n",
        "import os, json, time, textwrap\n\n"
        "from autobahntestsuite.octets import binascii, to_bytes, to_octets, to_text, resource_filename\n")
    suite.replace("fuzzing.py", "from twisted.internet import reactor, ssl\n",
        "from twisted.internet import reactor\n"
        "try:\n   from twisted.internet import ssl\nexcept ImportError: # no pyOpenSSL: ws:// only\n   ssl = None\n")
    suite.replace("fuzzing.py", "pkg_resources.resource_filename(", "resource_filename(")
    suite.replace("fuzzing.py", "         if hostname:\n", "         if ssl is None:\n            self.contextFactory = None\n         elif hostname:\n")
    suite.replace("fuzzing.py", "webdir.putChild('cwd', curdir)", "webdir.putChild(b'cwd', curdir)")
    suite.replace("fuzzing.py", "   ellipses = \" ...\"\n   try:\n", "   ellipses = \" ...\"\n   data = to_bytes(data)\n   try:\n")
    suite.replace("fuzzing.py", "         dd = data[:maxlen] + ellipses\n", "         dd = data[:maxlen] + to_bytes(ellipses)\n")
    suite.replace("fuzzing.py", "p = ''.join(payload)", "p = b''.join(payload)")
    for k in ("localCloseReason", "remoteCloseReason"):
        suite.replace("fuzzing.py", '"%s": self.%s,' % (k, k), '"%s": to_text(self.%s),' % (k, k))
    for k in ("http_request_data", "http_response_data"):
        suite.replace("fuzzing.py", "self.%s if hasattr" % k, "to_text(self.%s) if hasattr" % k)
    suite.replace("fuzzing.py", "open(os.path.join(outdir, report_filename), 'w')",
        "open(os.path.join(outdir, report_filename), 'w', encoding = 'utf-8')", 4)
    suite.replace("fuzzing.py", "case[c[0]], c[1])).encode(\"utf-8\"))", "case[c[0]], c[1])))")
    suite.replace("fuzzing.py", "ll.encode('utf8')", "ll")
    suite.replace("fuzzing.py", 'log.msg("Pong received: " + payload)', 'log.msg("Pong received: %r" % payload)')
    suite.replace("fuzzing.py", "self.runCase.onPong(payload)", "self.runCase.onPong(to_octets(payload))")
    suite.replace("fuzzing.py", "self.runCase.onMessage(msg, binary)", "self.runCase.onMessage(to_octets(msg), binary)")
    suite.replace("fuzzing.py", "   def onPong(self, payload):\n", '''   ## octet strings of the test cases -> bytes
   ##
   def sendFrame(self, opcode, payload = b'', *args, **kwargs):
      return super().sendFrame(opcode, to_bytes(payload), *args, **kwargs)

   def sendMessage(self, payload, *args, **kwargs):
      return super().sendMessage(to_bytes(payload), *args, **kwargs)

   def sendMessageFrame(self, payload, *args, **kwargs):
      return super().sendMessageFrame(to_bytes(payload), *args, **kwargs)

   def sendMessageFrameData(self, payload, *args, **kwargs):
      return super().sendMessageFrameData(to_bytes(payload), *args, **kwargs)

   def sendCloseFrame(self, code = None, reasonUtf8 = None, isReply = False):
      if reasonUtf8 is not None:
         reasonUtf8 = to_bytes(reasonUtf8)
      return super().sendCloseFrame(code, reasonUtf8, isReply)


   def onPong(self, payload):
''')


def keep_frames_whole(suite):
    """The cases 6.4.3 and 6.4.4 send a frame in parts, seconds apart; a Pong in between would become part of its payload."""
    suite.replace("fuzzing.py", "   def onPong(self, payload):\n", '''   def onPing(self, payload):
      if self.send_state != self.SEND_STATE_INSIDE_MESSAGE_FRAME:
         super().onPing(payload)

   def onPong(self, payload):
''')


def stay_on_host(suite):
    """Listens on the host of the URL in the spec, not on all interfaces."""
    for f in ("fuzzing.py", "testee.py", "echo.py"):
        suite.replace(f, "listenWS(factory, sslContext)", "listenWS(factory, sslContext, interface = factory.host)")
    suite.replace("fuzzing.py", "reactor.listenTCP(webport, web)", "reactor.listenTCP(webport, web, interface = factory.host)")
    suite.replace("fuzzing.py", "reactor.listenSSL(webport, web, sslContext)", "reactor.listenSSL(webport, web, sslContext, interface = factory.host)")


def report_own_errors(suite):
    suite.replace("wstest.py", "import os, json, sys, pkg_resources\n", "import os, json, sys, zlib\n")
    suite.replace("wstest.py", "      reactor.run()\n", '''      ## an exception inside the tester drops the connection, which some cases
      ## take for what they expect: never let one pass unnoticed
      errors = []
      def observe(event):
         if event.get('isError'):
            text = log.textFromEventDict(event) or repr(event)
            failure = event.get('failure')
            if failure is not None and failure.check(zlib.error):
               sys.stderr.write("the peer sent compressed data that zlib refuses: %s\\n" % failure.getErrorMessage())
               return
            errors.append(event)
            sys.stderr.write("INTERNAL ERROR in wstest: %s\\n" % text)
            sys.stderr.flush()
      log.addObserver(observe)
      reactor.run()
      if errors:
         sys.stderr.write("%d INTERNAL ERRORS in wstest: the report is not to be trusted\\n" % len(errors))
         sys.exit(3)
''')


def add_package(suite):
    suite.text["__init__.py"] = '''from ._version import __version__
version = __version__
from . import choosereactor   # must be first
from . import wstest, echo, testee, case, caseset, report, spectemplate, fuzzing
'''
    suite.text["octets.py"] = Path(__file__).with_name("octets.py").read_text(encoding="utf-8")


def write(suite, source, target):
    shutil.rmtree(target, ignore_errors=True)
    (target / "case").mkdir(parents=True)
    for folder in DATA:
        shutil.copytree(source / folder, target / folder)
    for name, text in suite.text.items():
        compile(text, name, "exec")
        with open(target / name, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def port_library(site_packages):
    """autobahn 0.10.9 has one remnant of Python 2 on a path that the suite uses: a division in sendFrame."""
    path = site_packages / "autobahn" / "websocket" / "protocol.py"
    text = path.read_text(encoding="utf-8")
    old, new = "range(payload_len / len(payload))", "range(payload_len // len(payload))"
    if text.count(new) != 1:
        assert text.count(old) == 1, "autobahn is not 0.10.9"
        path.write_text(text.replace(old, new), encoding="utf-8")


def main(archive, site_packages):
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
        (top,) = os.listdir(folder)
        source = Path(folder, top, PACKAGE)
        suite = Suite(source)
        port_cases(suite)
        port_fuzzing(suite)
        keep_frames_whole(suite)
        stay_on_host(suite)
        report_own_errors(suite)
        add_package(suite)
        write(suite, source, site_packages / PACKAGE)
    port_library(site_packages)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
