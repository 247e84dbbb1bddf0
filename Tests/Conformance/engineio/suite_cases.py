"""The 25 cases of the published Engine.IO v4 suite, in our own words.

The server has pingInterval 300 ms, pingTimeout 200 ms, maxPayload 1,000,000, any origin, and echoes.
"""

import asyncio
import json
import time

from websockets.exceptions import InvalidStatus

from wire import SEPARATOR, check, equal, must_close, receive, receive_but_pings


def check_open(packet, upgrades):
    equal(packet[:1], "0", "type of the first packet")
    data = json.loads(packet[1:])
    equal(set(data), {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}, "keys of the handshake")
    check(isinstance(data["sid"], str) and len(data["sid"]) == 20, f"session id {data['sid']!r}")
    equal(
        [data["upgrades"], data["pingInterval"], data["pingTimeout"], data["maxPayload"]],
        [upgrades, 300, 200, 1000000],
        "values of the handshake",
    )


# ── handshake ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def polling_handshake_opens_a_session(server):
    response = await server.ask("GET", EIO=4, transport="polling")
    equal(response.status, 200, "status")
    check_open(response.text, ["websocket"])


async def polling_handshake_without_a_valid_version_is_refused(server):
    for query in ({}, {"EIO": "abc"}):
        equal((await server.ask("GET", transport="polling", **query)).status, 400, f"status with {query}")


async def polling_handshake_without_a_valid_transport_is_refused(server):
    for query in ({}, {"transport": "abc"}):
        equal((await server.ask("GET", EIO=4, **query)).status, 400, f"status with {query}")


async def post_without_a_session_is_refused(server):
    equal((await server.ask("POST", "", EIO=4, transport="polling")).status, 400, "status")


async def put_without_a_session_is_refused(server):
    equal((await server.ask("PUT", "", EIO=4, transport="polling")).status, 400, "status")


async def web_socket_handshake_opens_a_session(server):
    async with server.web_socket() as socket:
        check_open(await receive(socket), [])


async def web_socket_handshake_without_a_valid_version_fails(server):
    for version in ("", "abc"):
        await refused_web_socket(server, EIO=version)


async def web_socket_handshake_without_a_valid_transport_fails(server):
    for transport in ("", "abc"):
        await refused_web_socket(server, transport=transport)


async def refused_web_socket(server, **query):
    try:
        async with server.web_socket(**query) as socket:
            await must_close(socket)
    except InvalidStatus as error:
        equal(error.response.status_code, 400, f"status with {query}")


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def polling_carries_one_packet(server):
    session = await server.open()
    response = await session.push("4hello")
    equal((response.status, response.text), (200, "ok"), "answer to the POST")
    equal(await session.packets(), ["4hello"], "packets")


async def polling_carries_several_packets(server):
    session = await server.open()
    response = await session.push(SEPARATOR.join(["4test1", "4test2", "4test3"]))
    equal((response.status, response.text), (200, "ok"), "answer to the POST")
    equal(await session.packets(), ["4test1", "4test2", "4test3"], "packets")


async def polling_carries_text_and_binary(server):
    session = await server.open()
    response = await session.push(SEPARATOR.join(["4hello", "bAQIDBA=="]))
    equal((response.status, response.text), (200, "ok"), "answer to the POST")
    equal(await session.packets(), ["4hello", "bAQIDBA=="], "packets")


async def polling_with_a_bad_packet_ends_the_session(server):
    session = await server.open()
    equal((await session.push("abc")).status, 400, "status of the POST")
    equal((await session.poll()).status, 400, "status of the poll after it")


async def second_poll_ends_the_session(server):
    session = await server.open()
    first = await session.start_poll()
    await asyncio.sleep(0.01)
    equal((await session.poll()).status, 400, "status of the second poll")
    response = await first.response()
    equal((response.status, response.text), (200, "1"), "answer to the first poll")
    equal((await session.poll()).status, 400, "status of a third poll")


async def cancelled_poll_ends_the_session(server):
    session = await server.open()
    poll = await session.start_poll()
    await asyncio.sleep(0.01)
    poll.abort()
    await asyncio.sleep(0.01)
    equal((await session.push("4hello")).status, 400, "status of a POST after it")


async def web_socket_carries_text(server):
    async with server.web_socket() as socket:
        await receive(socket)
        await socket.send("4hello")
        equal(await receive(socket), "4hello", "packet")


async def web_socket_carries_binary(server):
    async with server.web_socket() as socket:
        await receive(socket)
        await socket.send(b"\x01\x02\x03\x04")
        equal(await receive(socket), b"\x01\x02\x03\x04", "packet")


async def web_socket_with_a_bad_packet_is_closed(server):
    async with server.web_socket() as socket:
        await receive(socket)
        await socket.send("abc")
        await must_close(socket)


# ── heartbeat ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def polling_heartbeat_goes_on(server):
    session = await server.open()
    for _ in range(3):
        equal(await session.packets(), ["2"], "packets")
        response = await session.push("3")
        equal((response.status, response.text), (200, "ok"), "answer to the pong")


async def polling_without_pong_ends_in_time(server):
    session = await server.open()
    await asyncio.sleep(0.5)
    equal((await session.poll()).status, 400, "status of a poll after pingInterval and pingTimeout")


async def web_socket_heartbeat_goes_on(server):
    async with server.web_socket() as socket:
        await receive(socket)
        for _ in range(3):
            equal(await receive(socket), "2", "packet")
            await socket.send("3")


async def web_socket_without_pong_ends_in_time(server):
    async with server.web_socket() as socket:
        begin = time.monotonic()
        await must_close(socket)
        took = time.monotonic() - begin
        check(0.45 <= took <= 1.0, f"closed after {took:.3f} s instead of 0.5 s")


# ── closing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def client_closes_over_polling(server):
    session = await server.open()
    poll = await session.start_poll()
    await asyncio.sleep(0.01)
    response = await session.push("1")
    equal((response.status, response.text), (200, "ok"), "answer to the POST")
    response = await poll.response()
    equal((response.status, response.text), (200, "6"), "answer to the waiting poll")
    equal((await session.poll()).status, 400, "status of a poll after it")


async def client_closes_over_web_socket(server):
    async with server.web_socket() as socket:
        await receive(socket)
        await socket.send("1")
        await must_close(socket)


# ── upgrade ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def session_moves_to_a_web_socket(server):
    session = await server.open()
    poll = await session.start_poll()
    await asyncio.sleep(0.01)
    async with session.upgrade() as socket:
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")
        await socket.send("5")
        response = await poll.response()
        equal((response.status, response.text), (200, "6"), "answer to the waiting poll")
        await socket.send("4hello")
        equal(await receive_but_pings(socket), "4hello", "packet")


async def polls_after_the_upgrade_are_refused(server):
    session = await server.open()
    async with session.upgrade() as socket:
        await socket.send("2probe")
        await socket.send("5")
        equal(await receive(socket), "3probe", "answer to the probe")
        # Round trip: the "5" has been taken in.
        await socket.send("4there")
        equal(await receive_but_pings(socket), "4there", "packet")
        equal((await session.poll()).status, 400, "status of a poll")
        await socket.send("4hello")
        equal(await receive_but_pings(socket), "4hello", "packet")


async def second_web_socket_is_closed(server):
    session = await server.open()
    async with session.upgrade() as socket:
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")
        await socket.send("5")
        async with session.upgrade() as second:
            await must_close(second)
        await socket.send("4hello")
        equal(await receive_but_pings(socket), "4hello", "packet")
