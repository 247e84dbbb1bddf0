"""Plays the cases of `server_cases` and `server_handshake_cases` against a running server."""

import http1
from frames import CLOSE, TEXT, close_body, frame, read_frame
from harness import Failure, check, equal
from server_cases import Answers, Fails, StaysOpen

WHOLE, BYTE_BY_BYTE, BEHIND_HANDSHAKE = "whole", "byte by byte", "behind the handshake"


def play_frames(server, case, way):
    with server.connect() as wire:
        steps = list(case.steps)
        if way == BEHIND_HANDSHAKE:
            data, answers = steps[0]
            wire.send(server.fill_in(http1.request()) + data)
            check_switching(wire.response())
            expect(wire, answers)
            steps = steps[1:]
        else:
            wire.send(server.fill_in(http1.request()))
            check_switching(wire.response())
        for data, answers in steps:
            wire.send(data, byte_by_byte=way == BYTE_BY_BYTE)
            expect(wire, answers)
        match case.ends:
            case Fails(code):
                wire.close_frame(code)
            case Answers(body):
                found = wire.frame()
                check((found.opcode, found.payload) == (CLOSE, body), f"{found} instead of close {body!r}")
            case StaysOpen():
                say_goodbye(wire)
        wire.ends()


def say_goodbye(wire):
    wire.send(frame(CLOSE, close_body(1000, "done")))
    wire.close_frame(1000, b"")


def expect(wire, answers):
    """Exactly these frames. Control frames may overtake data frames and the reverse, but not their like (§5.4, §5.5.2)."""
    expected = [whole_frame(answer) for answer in answers]
    found = [wire.frame() for _ in expected]
    for kind in (True, False):
        for actual, wanted in zip([f for f in found if f.is_control == kind], [f for f in expected if f.is_control == kind]):
            check(actual == wanted, f"{actual} instead of {wanted}")
    equal(sum(f.is_control for f in found), sum(f.is_control for f in expected), "number of control frames")


def whole_frame(data):
    rest = memoryview(data)

    def read(count):
        nonlocal rest
        taken, rest = bytes(rest[:count]), rest[count:]
        return taken
    return read_frame(read, masked=False)


def check_switching(response, key=http1.KEY):
    """A 101 with exactly what belongs into it, and nothing that was not asked for (§4.2.2)."""
    equal(response.status, 101, "status")
    equal(response.head.one("Upgrade").lower(), "websocket", "Upgrade")
    equal(response.head.one("Connection").lower(), "upgrade", "Connection")
    equal(response.head.one("Sec-WebSocket-Accept"), http1.accept_value(key), "Sec-WebSocket-Accept")
    for name in ("Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"):
        equal(response.head.all(name), [], name)


def play_handshake(server, case, way):
    with server.connect() as wire:
        wire.send(server.fill_in(case.request), byte_by_byte=way == BYTE_BY_BYTE)
        for number, wanted in enumerate(case.responses):
            last = number == len(case.responses) - 1
            if wanted.status == 101:
                response = wire.response()
                check_switching(response, wanted.key)
                if last:
                    talk(wire)
                    return
                raise Failure("a case goes on behind a 101")
            check_response(wire.response(to_head=wanted.to_head), wanted)
        if case.responses[-1].closes:
            wire.ends()
        elif case.responses[-1].status >= 200:
            upgrade(server, wire)


def check_response(response, wanted):
    equal(response.status, wanted.status, "status")
    for name, value in wanted.fields.items():
        found = response.head.one(name)
        check(found.lower() == value.lower(), f"{name}: {found!r} instead of {value!r}")
    for name in ("Sec-WebSocket-Accept",):
        equal(response.head.all(name), [], name)
    text = response.body.decode("utf-8")
    for part in wanted.says:
        check(part.lower() in text.lower(), f"the body does not name {part!r}: {text!r}")
    if wanted.body is not None:
        equal(response.body, wanted.body, "body")
    options = [option.strip() for value in response.head.all("Connection") for option in value.lower().split(",")]
    closing = "close" in options
    if wanted.closes:
        check(closing, "the connection is to be closed, but Connection: close is missing")
    elif wanted.status >= 200:
        check(not closing, "Connection: close, but the connection is to stay usable")


def upgrade(server, wire):
    """The connection still speaks HTTP, and can become a WebSocket."""
    wire.send(server.fill_in(http1.plain()))
    equal(wire.response().status, 200, "status of a later request")
    wire.send(server.fill_in(http1.request()))
    check_switching(wire.response())
    talk(wire)


def talk(wire):
    wire.send(frame(TEXT, "after the handshake"))
    found = wire.frame()
    check((found.opcode, found.payload) == (TEXT, b"after the handshake"), f"{found} instead of the echo")
    say_goodbye(wire)
    wire.ends()
