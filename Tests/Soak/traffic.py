"""What well-behaved peers do for as long as the soak lasts: each message is counted and compared."""

import asyncio
import random

from peer import Lost, Peer

WORDS = "never lands, the swift of heraldry flies on and on; martlet " * 40
LONG = WORDS * 55


class Ledger:
    """What was sent, what came back, and what went wrong."""

    def __init__(self):
        self.sent = self.echoed = self.heard = self.churned = self.polls = 0
        self.problems = []

    def wrong(self, who, error):
        self.problems.append(f"{who}: {type(error).__name__}: {error}")


async def held(ledger, port, number, until):
    """A connection that lives as long as the soak, and says something now and then."""
    dice = random.Random(number)
    try:
        peer = await Peer.open(port, deflates=number % 2 == 1)
        count = 0
        while not until.is_set():
            text = f"{number}/{count} " + WORDS[:dice.randrange(len(WORDS))]
            ledger.sent += 1
            await asyncio.wait_for(peer.echo(text), 20)
            ledger.echoed += 1
            count += 1
            await asyncio.sleep(dice.uniform(0.2, 2))
        await asyncio.wait_for(peer.close(), 20)
    except (Lost, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        ledger.wrong(f"held {number}", error)


async def churned(ledger, port, number):
    """A connection that comes, says a few things, and goes: in order, without a word, or with a reset."""
    try:
        peer = await asyncio.wait_for(Peer.open(port, deflates=number % 3 == 0), 20)
        for count in range(1 + number % 4):
            ledger.sent += 1
            await asyncio.wait_for(peer.echo(f"{number}/{count} " + WORDS[:number % 700]), 20)
            ledger.echoed += 1
        if number % 3 == 0:
            await asyncio.wait_for(peer.close(), 20)
        elif number % 3 == 1:
            peer.drop()
        else:
            peer.reset()
        ledger.churned += 1
    except (Lost, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        ledger.wrong(f"churned {number}", error)


async def churn(ledger, port, per_second, until):
    number = 0
    async with asyncio.TaskGroup() as group:
        while not until.is_set():
            group.create_task(churned(ledger, port, number))
            number += 1
            await asyncio.sleep(1 / per_second)


async def listener(ledger, port, number, until):
    """Hears every broadcast from its first on, in order."""
    try:
        peer = await Peer.open(port, "/chat", deflates=number % 2 == 1)
        next_number = None
        while not until.is_set():
            try:
                text = await asyncio.wait_for(peer.receive(), 5)
            except asyncio.TimeoutError:
                if until.is_set():
                    break
                raise
            found = int(text.split()[1])
            if next_number is not None and found != next_number:
                raise Lost(f"broadcast {found} instead of {next_number}")
            next_number = found + 1
            ledger.heard += 1
        await asyncio.wait_for(peer.close(), 20)
    except (Lost, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        ledger.wrong(f"listener {number}", error)


async def speaker(ledger, port, until):
    """Twenty broadcasts a second, of which four are long, so that who does not read falls behind soon."""
    try:
        peer = await Peer.open(port, "/chat")
        number = 0
        while not until.is_set():
            text = f"broadcast {number} " + (LONG if number % 5 == 0 else WORDS[:number % 900])
            await peer.send(text)
            if await asyncio.wait_for(peer.receive(), 20) != text:
                raise Lost(f"broadcast {number} is not heard by who said it")
            number += 1
            await asyncio.sleep(0.05)
        await asyncio.wait_for(peer.close(), 20)
    except (Lost, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        ledger.wrong("speaker", error)
