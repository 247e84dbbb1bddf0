#!/usr/bin/env python3
"""Soak: connections held and churned for minutes, with faults, and what that costs one `martlet serve`.

    MARTLET=.build/release/martlet python3 Tests/Soak/run.py [--minutes M] [--connections N] [--churn PER_SECOND]

Fails on any message lost, any connection or file descriptor leaked, and memory that does not come back. Linux: it reads
/proc. The last line counts the checks.
"""

import argparse
import asyncio
import os
import re
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Conformance" / "raw"))
sys.dont_write_bytecode = True

import faults  # noqa: E402
import polling  # noqa: E402
import traffic  # noqa: E402
from harness import Server  # noqa: E402

LISTENERS = 20
# As many polls as they get through: what one leaves behind shows in the end.
POLLERS = 8
# What the allocator keeps of the peak: the process has a heap per thread, and pages between what lives on are not given back.
MEMORY_THAT_MAY_STAY_KIB = 32 * 1024
# Each part does the same, so what the second adds is a leak: of 2,400 connections in a minute, a few KiB of each. Or it had
# the higher peak, and the allocator kept it. Then as many parts again decide: together they add no more than that one might,
# which a leak would do in each.
MEMORY_THAT_MAY_COME_KIB = 4 * 1024
PARTS = 2


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def sockets(pid):
    """Sockets of the process, the listening ones included."""
    found = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found += os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            pass
    return found


def memory(pid, name="VmRSS"):
    return int(re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


async def at_rest(pid, wanted, seconds):
    """Waits until the server has no more sockets than at the start."""
    for _ in range(int(seconds * 10)):
        if sockets(pid) <= wanted:
            return
        await asyncio.sleep(0.1)


def state(pid):
    return {"sockets": sockets(pid), "descriptors": descriptors(pid), "resident KiB": memory(pid)}


async def everything(ledger, done, port, seconds, connections, churn):
    """Runs traffic and faults for these seconds, and writes down what came of them."""
    until = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(LISTENERS):
            group.create_task(traffic.listener(ledger, port, number, until))
        for number in range(connections):
            group.create_task(traffic.held(ledger, port, number, until))
        for number in range(POLLERS):
            group.create_task(polling.poller(ledger, port, number, until))
        group.create_task(traffic.speaker(ledger, port, until))
        group.create_task(traffic.churn(ledger, port, churn, until))
        for fault in faults.ALL:
            group.create_task(fault(done, port, until))
        await asyncio.sleep(seconds)
        until.set()


def added(states, parts):
    """What the last parts added to the memory that was there before them, in KiB."""
    return states[-1]["resident KiB"] - states[-1 - parts]["resident KiB"]


async def soak(server, arguments):
    pid, port = server.process.pid, server.port
    # Warm-up: engines, buffers and heaps that a process has from then on.
    await everything(traffic.Ledger(), faults.Faults(), port, 3, min(50, arguments.connections), arguments.churn)
    await at_rest(pid, 1, 30)
    ledger, done = traffic.Ledger(), faults.Faults()
    states = [state(pid)]

    async def run_parts():
        for _ in range(PARTS):
            await everything(ledger, done, port, arguments.minutes * 60 / PARTS, arguments.connections, arguments.churn)
            await at_rest(pid, states[0]["sockets"], 30)
            await asyncio.sleep(2)
            states.append(state(pid))

    await run_parts()
    if added(states, 1) >= MEMORY_THAT_MAY_COME_KIB:
        await run_parts()
    return states, memory(pid, "VmHWM"), ledger, done


def report(arguments, states, peak, ledger, done):
    start, *_, end = states
    parts = len(states) - 1
    judged = 1 if parts == PARTS else PARTS
    print(f"{arguments.minutes * parts / PARTS:g} min: {arguments.connections} connections held, {ledger.churned} churned, "
          f"{ledger.sent} messages sent, {ledger.echoed} echoed, {ledger.polls} of them over polling, {ledger.heard} broadcasts heard")
    for kind, count in sorted(done.counts.items()):
        print(f"  {kind}: {count}")
    for name in start:
        after = ", ".join(str(part[name]) for part in states[1:])
        print(f"  {name}: {start[name]} at the start, {after} after each part" + (f", {peak} at the peak" if "KiB" in name else ""))
    lost = ledger.sent - ledger.echoed
    grown = end["resident KiB"] - start["resident KiB"]
    missing = set(faults.KINDS) - set(done.counts)
    return [
        (f"no message lost ({lost}), nobody disappointed ({len(ledger.problems)})", not lost and not ledger.problems, ledger.problems),
        (f"{ledger.churned} came and went, {ledger.heard} broadcasts were heard", ledger.churned > 0 and ledger.heard > 0, []),
        (f"{ledger.polls} messages went over polling, enough to see what each leaves behind",
         ledger.polls * 1024 > MEMORY_THAT_MAY_STAY_KIB * 1024 / 4, []),
        ("who is silent or slow is found out in time", not done.overdue, done.overdue),
        ("every kind of fault was there", not missing, sorted(missing)),
        ("no connection leaked", end["sockets"] <= start["sockets"], []),
        ("no file descriptor leaked", end["descriptors"] <= start["descriptors"], []),
        (f"memory came back: {grown} KiB more than at the start", grown < MEMORY_THAT_MAY_STAY_KIB, []),
        (f"and of {parts} parts the last {judged} added next to nothing: {added(states, judged)} KiB",
         added(states, judged) < MEMORY_THAT_MAY_COME_KIB, []),
    ]


def main():
    parser = argparse.ArgumentParser(description="Holds, churns and disturbs connections, and looks what is left.")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--connections", type=int, default=300)
    parser.add_argument("--churn", type=float, default=40, metavar="PER_SECOND")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Server() as server:
        checks = report(arguments, *asyncio.run(soak(server, arguments)))
        checks.append(("it ends with status 0 and said nothing", server.stop() == 0 and not server.error_text(), [server.error_text()]))
    for name, is_right, details in checks:
        print(f"{'ok  ' if is_right else 'FAIL'} {name}", *(details[:10] if not is_right else []), sep="\n     ")
    passed = sum(is_right for _, is_right, _ in checks)
    print(f"{passed} passed, {len(checks) - passed} failed")
    return 0 if passed == len(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
