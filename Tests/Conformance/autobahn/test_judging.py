"""python3 -m unittest discover -s Tests/Conformance/autobahn"""

import unittest

from close_codes import exact
from judging import gone, judge


def result(behavior="OK", close="OK", code=1000, taken=(1000,)):
    return {"behavior": behavior, "behaviorClose": close, "closeCode": code, "closeCodesTaken": list(taken), "seconds": 0}


def faults(found, recorded=("OK", "OK"), case="1.1.1"):
    return judge("server", [case], {} if found is None else {case: found}, {case: list(recorded)})[case]


class Judging(unittest.TestCase):
    def test_good(self):
        self.assertEqual(faults(result()), [])
        self.assertEqual(faults(result("INFORMATIONAL", "INFORMATIONAL"), ("INFORMATIONAL", "INFORMATIONAL")), [])

    def test_each_other_verdict_is_a_fault_even_if_recorded(self):
        for verdict in ("NON-STRICT", "FAILED", "UNIMPLEMENTED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT", "SOMETHING NEW"):
            self.assertTrue(faults(result(behavior=verdict), (verdict, "OK")), verdict)
            self.assertTrue(faults(result(close=verdict), ("OK", verdict)), verdict)

    def test_other_than_recorded(self):
        self.assertTrue(faults(result("INFORMATIONAL")))
        self.assertTrue(judge("server", ["1.1.1"], {"1.1.1": result()}, {})["1.1.1"])

    def test_exactly_the_chosen_cases(self):
        self.assertTrue(faults(None))
        self.assertTrue(judge("server", [], {"1.1.1": result()}, {"1.1.1": ["OK", "OK"]})["1.1.1"])
        self.assertEqual(gone({"1.1.1": 0, "8.1": 0}, ["1.1.1", "1.1.2"]), ["8.1"])

    def test_close_code_that_the_suite_would_let_pass(self):
        self.assertTrue(faults(result(code=None)))
        self.assertTrue(faults(result(code=1000, taken=(1000, 3000)), case="7.7.10"))
        self.assertEqual(faults(result(code=3000, taken=(1000, 3000)), case="7.7.10"), [])
        self.assertTrue(faults(result(code=1000), case="7.3.1"))

    def test_exact_codes(self):
        self.assertEqual(exact("7.7.8", "server", [1000, 1010]), 1000)
        self.assertEqual(exact("7.7.8", "client", [1000, 1010]), 1010)
        self.assertEqual(exact("7.13.1", "client", [1000, 5000, 1002]), 1002)
        with self.assertRaises(ValueError):
            exact("8.1", "server", [1000, 1001])


if __name__ == "__main__":
    unittest.main()
