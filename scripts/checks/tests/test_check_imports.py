import importlib.machinery
import importlib.util
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

SCRIPT = str(Path(__file__).resolve().parents[2] / "check-imports")
LOADER = importlib.machinery.SourceFileLoader("check_imports", SCRIPT)
check_imports = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_imports", LOADER))
LOADER.exec_module(check_imports)


class CheckImports(unittest.TestCase):
    def test_every_way_to_import(self):
        text = ('import A\npublic import B\n@_exported public import C\n#if x\n  @preconcurrency internal import D\n#endif\n'
                '@_spi(Y) import struct E.F; import G\n// import H\nlet text = """\nimport I\n"""\n')
        self.assertEqual([name for _, name in check_imports.imports(text)], ["A", "B", "C", "D", "E", "G"])

    def test_rules(self):
        def wrong(module, name):
            return check_imports.problems(module, f"internal import {name}\n", "X.swift")
        self.assertEqual(wrong("WebSocketProtocol", "HTTPTypes"), [])
        for module, name in (("WebSocketProtocol", "NIOCore"), ("WebSocketProtocol", "Foundation"), ("WebSocketNIO", "NIOHTTP1"),
                             ("WebSocketServer", "WebSocketClient"), ("WebSocketClient", "WebSocketServer"), ("New", "Swift")):
            self.assertEqual(len(wrong(module, name)), 1, (module, name))

    def test_no_file_is_a_failure(self):
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()) as output:
            self.assertEqual(check_imports.main(Path(folder)), 1)
        self.assertTrue(output.getvalue().endswith(f"0 passed, {len(check_imports.ALLOWED)} failed\n"))


if __name__ == "__main__":
    unittest.main()
