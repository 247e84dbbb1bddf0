import unittest

from harness.report import table, three_digits
from harness.servers import Server
from harness.workloads import WORKLOADS


class Report(unittest.TestCase):
    def test_numbers_have_three_digits(self):
        values = {0.1634: "0.163", 6.934: "6.93", 12.345: "12.3", 551.4: "551", 2144.2: "2,144"}
        for value, text in values.items():
            self.assertEqual(three_digits(value), text)

    def test_table_shows_medians_and_ratios(self):
        servers = [Server("A", ("a",)), Server("B", ("b",))]
        samples = {("w", "A"): [9.0, 2.0, 1.0], ("w", "B"): [3.0, 3.0, 4.0]}
        lines = table([("w", "Work")], servers, samples, "A").splitlines()
        self.assertEqual(lines[0], "| | A | B |")
        self.assertEqual(lines[2], "| Work | 2.00 | 3.00 (1.50×) |")

    def test_workload_names(self):
        names = [workload.name for workload in WORKLOADS]
        self.assertEqual(names[0], "100x20Bx1")
        self.assertEqual(names[-1], "4x1MiBx1")


if __name__ == "__main__":
    unittest.main()
