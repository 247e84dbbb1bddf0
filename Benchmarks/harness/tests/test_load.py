"""The load generator accepts correct echoes however they arrive, and fails on every other answer."""

import json
import subprocess
import unittest

from harness.paths import LOAD

from .faulty_server import ACCEPT, RESPONSE, FaultyServer, frame


def run_load(server: FaultyServer, *options: str, payload: int = 20) -> subprocess.CompletedProcess:
    command = [str(LOAD), "--port", str(server.port), "--connections", "2", "--payload", str(payload)]
    command += ["--messages", "50", "--warmup", "0", "--in-flight", "4", "--verify-every", "1", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


class CorrectEchoes(unittest.TestCase):
    def assert_counts(self, result: subprocess.CompletedProcess) -> None:
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertGreaterEqual(json.loads(result.stdout)["messages"], 50)

    def test_every_length_encoding(self):
        for payload in (0, 1, 125, 126, 65535, 65536, 300_000):
            with self.subTest(payload=payload), FaultyServer() as server:
                self.assert_counts(run_load(server, payload=payload))

    def test_one_byte_at_a_time(self):
        for payload in (20, 126):
            with self.subTest(payload=payload), FaultyServer(piece=1) as server:
                self.assert_counts(run_load(server, payload=payload))

    def test_pings_between_echoes(self):
        def answer(number, payload):
            return frame(b"still there?", 0x89) + frame(payload)

        for piece in (1, 1 << 20):
            with self.subTest(piece=piece), FaultyServer(answer, piece=piece) as server:
                self.assert_counts(run_load(server))


class WrongAnswers(unittest.TestCase):
    def assert_fails(self, message: str, *arguments, **named) -> None:
        with FaultyServer(*arguments, **named) as server:
            result = run_load(server, "--connections", "1")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(message, result.stderr)

    def test_another_length(self):
        self.assert_fails("is not the echo", lambda number, payload: frame(payload[1:]))

    def test_another_opcode(self):
        self.assert_fails("is not the echo", lambda number, payload: frame(payload, 0x81))

    def test_another_content(self):
        self.assert_fails("differs", lambda number, payload: frame(payload if number < 30 else bytes(20)))

    def test_another_order(self):
        held = []

        def swap_pairs(number, payload):
            held.append(frame(payload))
            return b"" if number % 2 else held.pop() + held.pop()

        self.assert_fails("differs", swap_pairs)

    def test_two_echoes_of_one_message(self):
        self.assert_fails("", lambda number, payload: frame(payload) * 2)

    def test_masked_frame(self):
        self.assert_fails("masked", lambda number, payload: b"\x82\x94key!" + payload)

    def test_close_frame(self):
        self.assert_fails("close frame", lambda number, payload: frame(b"\x03\xe8", 0x88))

    def test_closed_connection(self):
        self.assert_fails("closed", lambda number, payload: frame(payload) if number < 20 else None)

    def test_refused_handshake(self):
        self.assert_fails("404", response=b"HTTP/1.1 404 Not Found\r\n\r\n")

    def test_wrong_accept_value(self):
        self.assert_fails("Sec-WebSocket-Accept", response=RESPONSE.replace(ACCEPT, b"AAAA"))

    def test_extension_nobody_offered(self):
        extension = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        self.assert_fails("extension", response=RESPONSE[:-2] + extension)


class Idle(unittest.TestCase):
    def hold(self, server: FaultyServer) -> subprocess.CompletedProcess:
        command = [str(LOAD), "idle", "--port", str(server.port), "--connections", "5"]
        return subprocess.run(command, input="\n", capture_output=True, text=True, timeout=30)

    def test_reports_established_connections(self):
        with FaultyServer() as server:
            result = self.hold(server)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["established"], 5)

    def test_needs_a_websocket_server(self):
        with FaultyServer(response=b"HTTP/1.1 200 OK\r\n\r\n") as server:
            result = self.hold(server)
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    unittest.main()
