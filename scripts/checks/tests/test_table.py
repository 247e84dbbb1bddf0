import unittest

from checks.citation import Citation
from checks.requirements import parse
from checks.table import faults, gaps, written

WANTED = parse("""# Title
## A. First — RFC 1
1. [C|M|–] One — §1
2. [B|D|AB5] Two | three — §2
# As far as tested
## O. Later
9. [S|m|–] Nine — §9
""")
TESTS = [Citation("shows <one>", "Tests/A.swift", (1,))]


class Table(unittest.TestCase):
    def test_requirements(self):
        self.assertEqual([(each.number, each.section, each.who, each.level, each.is_demanded) for each in WANTED],
                         [(1, "A. First — RFC 1", "client", "must", True), (2, "A. First — RFC 1", "both", "hardening", True),
                          (9, "O. Later", "server", "may", False)])
        for wrong in ("", "## A\n1. no tags", "1. [C|M|–] no section", "## A\n1. [C|M|–] a\n1. [C|M|–] b"):
            with self.assertRaises(ValueError):
                parse(wrong)

    def test_gaps(self):
        self.assertEqual([each.number for each in gaps(WANTED, {}, TESTS)], [2])
        self.assertEqual(gaps(WANTED, {2: "a reason"}, TESTS), [])
        disabled = [Citation("off", "B.swift", (2,), is_disabled=True)]
        self.assertEqual([each.number for each in gaps(WANTED, {}, TESTS + disabled)], [2])

    def test_faults(self):
        self.assertEqual(faults(WANTED, {2: "a reason"}, TESTS), [])
        self.assertIn("no 7", faults(WANTED, {}, [Citation("t", "B.swift", (7,))])[0])
        self.assertIn("no such number", faults(WANTED, {7: "a reason"}, TESTS)[0])
        self.assertIn("has to go", faults(WANTED, {1: "a reason"}, TESTS)[0])
        self.assertIn("disabled", faults(WANTED, {}, [Citation("t", "B.swift", (1,), is_disabled=True)])[0])

    def test_document(self):
        text = written(WANTED, {2: "not *applicable*"}, TESTS)
        self.assertIn("| 1 | One — §1 | client, must | [A.swift](../Tests/A.swift): shows &lt;one&gt; |", text)
        self.assertIn("| 2 | Two \\| three — §2 | both, hardening | *not \\*applicable\\** |", text)
        self.assertIn("| 9 | Nine — §9 | server, may | – |", text)
        many = [Citation(f"test {number}", "Tests/A.swift", (1,)) for number in range(6)]
        self.assertIn("test 0; test 1; test 2; test 3; and 2 more |", written(WANTED, {}, many))
        self.assertIn("**missing**", written(WANTED, {}, many))


if __name__ == "__main__":
    unittest.main()
