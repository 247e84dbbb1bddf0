"""The harness itself: its streams are what it says they are, and it does not explain away what it should not."""

import dataclasses
import json
import unittest
import zlib

import core
import explanations
import reference
import stream
from case import Case
from compressor import TAIL, repetition
from deflate import is_between_blocks
from expectation import Outcome
from frame import PING, TEXT, Frame


def outcome(end, events=(), circumstances=()):
    return Outcome(list(events), None, None, end, True, frozenset(circumstances))


class Streams(unittest.TestCase):
    def test_a_seed_always_makes_the_same_streams(self):
        for number in range(200):
            self.assertEqual(stream.case("a", number), stream.case("a", number))
        self.assertNotEqual(stream.case("a", 0).encoded, stream.case("b", 0).encoded)

    def test_what_is_not_spoiled_gives_what_was_put_in(self):
        cases = [case for number in range(400) if (case := stream.case("a", number)).expectation]
        self.assertGreater(len(cases), 40)
        for case in cases:
            seen = reference.play(case).outcome()
            wanted = case.expectation
            # Where `websockets` is known to be wrong: last blocks, and the client's 1010.
            if "final block" not in seen.circumstances:
                self.assertEqual(seen.events, wanted.events, case.name)
                self.assertEqual((seen.received, seen.sent == wanted.sent or seen.received == 1010), (wanted.received, True), case.name)


class Compression(unittest.TestCase):
    def test_a_repetition_has_its_distance(self):
        for distance in (3, 4, 5, 6, 7, 8, 9, 12, 13, 256, 257, 512, 1000, 4096, 24577, 32767, 32768):
            history = bytes(place * place % 251 for place in range(32768))
            decoder = zlib.decompressobj(wbits=-15, zdict=history)
            inflated = decoder.decompress(repetition(distance) + TAIL)
            self.assertEqual(inflated, history[32768 - distance:][:3], distance)
            self.assertTrue(is_between_blocks(decoder))


class Explanations(unittest.TestCase):
    known = explanations.load()

    def covering(self, ours, theirs):
        return [entry.name for entry in self.known if entry.covers(ours, theirs)]

    def test_an_unknown_difference_is_not_explained(self):
        self.assertEqual(self.covering(outcome("open"), outcome("close 1000, 1000")), [])
        self.assertEqual(self.covering(outcome("fail 1002 reserved opcode"), outcome("open")), [])
        self.assertEqual(self.covering(outcome("open", [("text", b"a")]), outcome("open", [("text", b"b")])), [])

    def test_a_known_end_does_not_explain_other_messages(self):
        ours, theirs = "fail 1002 payload length not minimal", "close 1000, 1000"
        self.assertTrue(self.covering(outcome(ours), outcome(theirs, [("text", b"a")])))
        self.assertFalse(self.covering(outcome(ours, [("text", b"b")]), outcome(theirs, [("text", b"a")])))

    def test_a_circumstance_must_have_been_seen(self):
        ours, theirs = outcome("open", [("text", b"a")]), outcome("open", [("text", b"")])
        self.assertFalse(self.covering(ours, theirs))
        self.assertTrue(self.covering(ours, dataclasses.replace(theirs, circumstances=frozenset(["final block"]))))

    def test_a_circumstance_does_not_explain_every_end(self):
        for circumstance in ("final block", "beyond the window"):
            ours, theirs = outcome("close 1000, 1000"), outcome("close 1001, 1001", [("text", b"")], [circumstance])
            ours, theirs = dataclasses.replace(ours, received=1000, sent=1000), dataclasses.replace(theirs, received=1001, sent=1001)
            self.assertEqual(self.covering(ours, theirs), [])

    def test_each_says_who_is_right_and_where_that_stands(self):
        for entry in self.known:
            self.assertIn(entry.right, ("martlet", "websockets", "both"))
            self.assertRegex(entry.section, r"^RFC (6455|7692) §\d")


class OurLine(unittest.TestCase):
    case = Case("a", True, None, 100, 100, [], None)

    def line(self, sent, messages=(), **more):
        return json.dumps({"messages": list(messages), "sent": sent.hex(), "received": None, "violation": None, "ended": False, "closed": True} | more)

    def test_messages_and_pongs_are_read_in_the_order_they_were_sent(self):
        sent = Frame(0xA, b"p").encoded + Frame(TEXT, b"a").encoded
        self.assertEqual(core.outcome(self.case, self.line(sent, [("text", "61")])).events, [("pong", b"p"), ("text", b"a")])

    def test_a_contradiction_is_refused(self):
        for line in (self.line(Frame(TEXT, b"a").encoded, [("text", "62")]), self.line(b"", [("text", "61")]),
                     self.line(Frame(TEXT, b"a", rsv=4).encoded, [("text", "61")]), self.line(Frame(PING, b"", fin=False).encoded),
                     self.line(b"", closed=False)):
            with self.assertRaises(ValueError):
                core.outcome(self.case, line)


if __name__ == "__main__":
    unittest.main()
