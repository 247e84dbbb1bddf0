#!/usr/bin/env python3
"""Bad-input corpus: thousands of spoiled conversations thrown at one `martlet serve`, which must take no notice.

    MARTLET=.build/release/martlet python3 Tests/Conformance/corpus/run.py [seed]

Python 3.11 or later, Linux (it reads /proc). The same seed throws the same bytes. The last line counts the tests.
"""

import asyncio
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "raw"))

import harness  # noqa: E402
from frames import TEXT, frame  # noqa: E402
from harness import Failure, Server, check, equal  # noqa: E402
from http1 import plain, request  # noqa: E402
from mutations import spoil  # noqa: E402
from nasty import NASTY  # noqa: E402
from seeds import CONVERSATIONS, HANDSHAKES  # noqa: E402
from server_play import check_switching, talk  # noqa: E402
from throwing import Judgement, throw  # noqa: E402

# What comes back is judged frame by frame; streams with compression are judged by differential fuzzing.
harness.OPTIONS.append("--no-compression")

GROUPS, PER_GROUP = 60, 50
AT_ONCE = 32
# At its peak, the binary itself included: about twice what it takes. All inputs open at once hold over 300 MiB.
RESIDENT_LIMIT_KIB = 96 * 1024


def spoiled_input(number, seed):
    """Parts to send, and whether to hang up behind them. Spoils the handshake, the frames, or both."""
    dice = random.Random(f"{seed}/{number}")
    handshake, conversation = dice.choice(HANDSHAKES), dice.choice(CONVERSATIONS)
    what = dice.choice(("handshake", "frames", "frames", "both"))
    if what == "handshake":
        data = spoil(dice, handshake) + conversation
    elif what == "frames":
        data = handshake + spoil(dice, conversation)
    else:
        data = spoil(dice, handshake + conversation)
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.choice((0, 0, 1, 3))))
    parts = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)])]
    return parts, dice.random() < 0.2


async def throw_all(server, inputs):
    """Throws inputs, a bounded number at once, and collects the judgements."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name, parts, hangs_up):
        async with gate:
            try:
                await throw(server.port, [server.fill_in(part) for part in parts], hangs_up)
            except (Judgement, OSError) as problem:
                return f"{name}: {problem}"
    return [problem for problem in await asyncio.gather(*(one(*each) for each in inputs)) if problem]


def throw_at(server, inputs):
    """The server must answer as it should, and then still be there."""
    problems = asyncio.run(throw_all(server, inputs))
    if not problems:
        health(server)
    return problems


def group(server, index, seed):
    numbers = range(index * PER_GROUP, (index + 1) * PER_GROUP)
    return throw_at(server, [(f"input {number}", *spoiled_input(number, seed)) for number in numbers])


def never_died(deaths):
    check(not deaths, f"the server ended {len(deaths)} times before it was told to: {'; '.join(deaths)}")


def memory(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    resident, peak = (int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) for name in ("VmRSS", "VmHWM"))
    print(f"     {resident} KiB resident, {peak} KiB at its peak, limit {RESIDENT_LIMIT_KIB} KiB")
    check(peak < RESIDENT_LIMIT_KIB, f"{peak} KiB at the peak")


def health(server):
    with server.connect() as wire:
        wire.send(server.fill_in(plain()))
        response = wire.response()
        equal((response.status, response.body), (200, b"ok\n"), "/healthz")


def echo(server):
    with server.connect() as wire:
        wire.send(server.fill_in(request()) + frame(TEXT, "as before"))
        check_switching(wire.response())
        equal(wire.frame().payload, b"as before", "echo")
        talk(wire)


def end(server):
    equal(server.stop(), 0, "exit status after SIGTERM")
    equal(server.error_text(), "", "standard error")


def steps(seed):
    """Name, and a function that takes the server."""
    for index in range(GROUPS):
        yield (f"spoiled inputs {index * PER_GROUP} to {(index + 1) * PER_GROUP - 1} of seed {seed}",
               lambda server, index=index: group(server, index, seed))
    for name, data in NASTY:
        inputs = [("and end", [data], False), ("and hang up", [data], True)]
        yield f"nasty: {name}", lambda server, inputs=inputs: throw_at(server, inputs)
    yield "afterwards: /healthz answers", health
    yield "afterwards: /echo answers", echo
    yield "afterwards: memory stayed within its limit", memory
    yield "afterwards: SIGTERM ends it with status 0, and it said nothing", end


def attempt(name, function, *arguments):
    try:
        problems = function(*arguments) or []
    except Exception as error:
        problems = [f"{type(error).__name__}: {error}"]
    print(f"{'FAIL' if problems else 'ok  '} {name}", *problems[:5], sep="\n     ", flush=True)
    return not problems


def main(seed):
    results, deaths = [], []
    remaining = iter(steps(seed))
    server = None
    for name, function in remaining:
        # A dead server has failed the run; the other inputs still get one, to show what else is wrong.
        if server is not None and server.process.poll() is not None:
            deaths.append(server.cause_of_death())
            server.__exit__()
            server = None
        server = server or Server()
        results.append(attempt(name, function, server))
    server.__exit__()
    results.append(attempt("afterwards: it was one process all the time", never_died, deaths))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "martlet"))
