"""All tests of `martlet serve` that share one running server, and at last its end."""

import threading

import server_cases
import server_handshake_cases
import server_scenarios
from harness import Failure, Server, Test, equal
from server_play import BEHIND_HANDSHAKE, BYTE_BY_BYTE, WHOLE, play_frames, play_handshake


class Shared:
    """The running server. If a test brings it down the others get a new one, and the last test fails."""

    def __init__(self):
        self.lock = threading.Lock()
        self.current = None
        self.deaths = []

    def server(self):
        with self.lock:
            if self.current is not None and self.current.process.poll() is not None:
                self.deaths.append(self.current.cause_of_death())
                self.current = None
            if self.current is None:
                self.current = Server()
            return self.current

    def end(self):
        status = self.server().stop()
        if self.deaths:
            raise Failure(f"the server ended {len(self.deaths)} times before it was told to: {'; '.join(self.deaths)}")
        equal(status, 0, "exit status")
        equal(self.current.error_text(), "", "standard error")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.current is not None:
            self.current.__exit__()


def batches():
    """Lists of tests; those of one list may run at the same time."""
    with Shared() as shared:
        def played(play, case, way):
            return lambda: play(shared.server(), case, way)

        yield server_scenarios.tests(shared) + [
            Test(f"server handshake: {case.name} [{way}]", case.requirements, played(play_handshake, case, way))
            for case in server_handshake_cases.CASES for way in (WHOLE, BYTE_BY_BYTE)
        ] + [
            Test(f"server: {case.name} [{way}]", case.requirements, played(play_frames, case, way))
            for case in server_cases.CASES for way in (WHOLE, BYTE_BY_BYTE, BEHIND_HANDSHAKE)
        ]
        yield [Test("server: after all this SIGTERM ends it with status 0", (173,), shared.end)]
