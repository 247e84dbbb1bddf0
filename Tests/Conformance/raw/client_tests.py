"""All tests of `martlet connect`."""

from functools import partial

import client_cases
from client_play import BEHIND_HANDSHAKE, BYTE_BY_BYTE, WHOLE, play_frames, play_no_request, play_request, play_response
from client_scenarios import SCENARIOS
from harness import Test


def batches():
    """Lists of tests; those of one list may run at the same time."""
    yield SCENARIOS + [
        Test(f"client request: {case.name}", case.requirements, partial(play_request, case)) for case in client_cases.REQUESTS
    ] + [
        Test(f"client request: {case.name}", case.requirements, partial(play_no_request, case)) for case in client_cases.NO_REQUESTS
    ] + [
        Test(f"client response: {case.name} [{way}]", case.requirements, partial(play_response, case, way))
        for case in client_cases.RESPONSES for way in (WHOLE, BYTE_BY_BYTE)
    ] + [
        Test(f"client: {case.name} [{way}]", case.requirements, partial(play_frames, case, way))
        for case in client_cases.FRAMES for way in (WHOLE, BYTE_BY_BYTE, BEHIND_HANDSHAKE)
    ]
