import unittest

from checks.swift_source import blanked
from checks.swift_tests import citations


def found(text):
    return [(each.name, each.numbers) for each in citations(text, "A.swift")]


class SwiftTests(unittest.TestCase):
    def test_display_name_else_the_name_of_the_function(self):
        self.assertEqual(found('@Test("a (b) \\"c\\"", .requirement(1, 2)) func f() {}'), [('a (b) "c"', (1, 2))])
        self.assertEqual(found("@Test(.requirement(3)) @MainActor\n    func goesOn() async {}"), [("goesOn", (3,))])
        self.assertEqual(found("@Test(.requirement(3)) func `goes on`() {}"), [("goes on", (3,))])
        self.assertEqual(found('@Test(#"raw "x" name"#, .requirement(3)) func f() {}'), [('raw "x" name', (3,))])

    def test_trait_over_several_lines_and_behind_other_arguments(self):
        text = '@Test(\n  "name",\n  .timeLimit(.minutes(1)),\n  .requirement(\n    7,\n    8\n  ),\n  arguments: [(1, ")"), (2, "(")]\n)\nfunc f() {}'
        self.assertEqual(found(text), [("name", (7, 8))])

    def test_suite(self):
        self.assertEqual(found("@Suite(.requirement(9)) struct Frames { @Test func f() {} }"), [("Frames", (9,))])

    def test_what_is_commented_out_or_quoted_counts_for_nothing(self):
        self.assertEqual(found('// @Test(.requirement(1)) func f() {}\n/* /* */ @Test(.requirement(1)) func f() {} */'), [])
        self.assertEqual(found('let text = "@Test(.requirement(1)) func f()"'), [])
        self.assertEqual(found('@Test("says .requirement(5)", .requirement(6)) func f() {}'), [("says .requirement(5)", (6,))])

    def test_a_disabled_test_is_marked(self):
        # Text for the check, no test of ours: what is switched off shows nothing, and the check calls it a fault.
        self.assertTrue(citations('@Test(.disabled("later"), .requirement(1)) func f() {}', "A.swift")[0].is_disabled)

    def test_a_trait_outside_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "A.swift:2"):
            citations("\nlet trait: RequirementTrait = .requirement(1)", "A.swift")


class Blanking(unittest.TestCase):
    def test_length_and_lines_stay(self):
        text = 'let a = "x\\(b("y)"))z" // c\nlet d = """\n  "e"\n  """ /* f\n */\nlet g = #"h"i\\"#'
        self.assertEqual(blanked(text), 'let a = "            "     \nlet d = """\n     \n  """     \n   \nlet g = #"    "#')
        self.assertEqual(len(blanked(text)), len(text))


if __name__ == "__main__":
    unittest.main()
