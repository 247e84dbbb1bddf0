"""Our own core: runs `differential-core` over a batch of cases and reads what it has to tell."""

import json
import os
import subprocess

from case import Agreement
from websockets.frames import Opcode

from expectation import Outcome
from reference import Core

PROGRAM = os.environ.get("DIFFERENTIAL_CORE", ".build/release/differential-core")
# For a batch; it takes less than a second.
DEADLINE = 60


class Death(Exception):
    """The program ended in the middle of a case."""


def read_by_peer(case, sent):
    """What the peer makes of the bytes we sent; `websockets` is that peer."""
    agreed = case.agreement
    theirs = agreed and Agreement(15, agreed.send_window_bits, agreed.receive_takeover, agreed.send_takeover)
    peer = PeerCore(not case.is_server, theirs)
    peer.receive_data(sent)
    return peer


class PeerCore(Core):
    """Tells of the pongs that it gets, where a side under test tells of those it sends."""

    def recv_frame(self, frame):
        super().recv_frame(frame)
        if frame.opcode == Opcode.PONG:
            self.told.append(("pong", bytes(frame.data)))


def outcome(case, line):
    """What a line of the program says.
    - Raises ValueError if the program contradicts itself, or sent what its peer can't read."""
    told = json.loads(line)
    peer = read_by_peer(case, bytes.fromhex(told["sent"]))
    if peer.parser_exc:
        raise ValueError(f"the peer can't read what we sent: {peer.parser_exc}: {told['sent']}")
    messages = [(kind, bytes.fromhex(data)) for kind, data in told["messages"]]
    if [event for event in peer.told if event[0] != "pong"] != messages:
        raise ValueError(f"the peer read other messages than we sent: {peer.told} instead of {messages}")
    if not told["closed"]:
        raise ValueError("the connection was not told of its end")
    sent = peer.close_rcvd and int(peer.close_rcvd.code)
    if told["violation"]:
        end = f"fail {sent} {told['violation']}"
    else:
        end = "open" if told["received"] is None else f"close {told['received']}, {sent}"
    return Outcome(peer.told, told["received"], sent, end, told["ended"])


def run(cases):
    """The line for each case. Raises Death with the case that the program did not survive."""
    try:
        done = subprocess.run([PROGRAM], input=b"".join(case.encoded for case in cases), capture_output=True, timeout=DEADLINE)
    except subprocess.TimeoutExpired as late:
        lines = (late.stdout or b"").splitlines()
        raise Death(f"not done after {DEADLINE} s with {cases[len(lines)]}") from None
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or len(lines) != len(cases):
        victim = cases[len(lines)] if len(lines) < len(cases) else "all cases"
        raise Death(f"ended with status {done.returncode} in {victim}: {done.stderr.decode(errors='replace')[-500:]}")
    return lines
