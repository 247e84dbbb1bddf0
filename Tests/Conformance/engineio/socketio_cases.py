"""The 32 cases of the published Socket.IO v5 suite, in our own words.

The server has the sessions of `suite_cases`, closes those without a namespace after 1 s, and on `/` emits `auth` with the
auth object, answers `message` with `message-back`, and acknowledges `message-with-ack`; on `/custom` it emits `auth`.
"""

import time
from contextlib import asynccontextmanager

import suite_cases
from wire import check, equal, must_close, receive, receive_but_pings

# What the suite asks of the sessions below, as on `/engine.io/`.
SESSION_CASES = [
    suite_cases.polling_handshake_opens_a_session,
    suite_cases.polling_handshake_without_a_valid_version_is_refused,
    suite_cases.polling_handshake_without_a_valid_transport_is_refused,
    suite_cases.post_without_a_session_is_refused,
    suite_cases.put_without_a_session_is_refused,
    suite_cases.web_socket_handshake_opens_a_session,
    suite_cases.web_socket_handshake_without_a_valid_version_fails,
    suite_cases.web_socket_handshake_without_a_valid_transport_fails,
    suite_cases.polling_heartbeat_goes_on,
    suite_cases.polling_without_pong_ends_in_time,
    suite_cases.web_socket_heartbeat_goes_on,
    suite_cases.web_socket_without_pong_ends_in_time,
    suite_cases.client_closes_over_polling,
    suite_cases.client_closes_over_web_socket,
]


@asynccontextmanager
async def session(server):
    async with server.web_socket() as socket:
        await receive(socket)
        yield socket


@asynccontextmanager
async def connected(server):
    """A session in the main namespace, whose first packets have been read."""
    async with session(server) as socket:
        await socket.send("40")
        await receive_but_pings(socket)
        equal(await receive_but_pings(socket), '42["auth",{}]', "event of the connect handler")
        yield socket


def check_connect(packet, head):
    check(packet.startswith(head + '{"sid":"'), f"answer to CONNECT: {packet!r}")
    equal(len(packet), len(head) + len('{"sid":""}') + 20, "length of the answer to CONNECT")


# ── upgrade ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def socketio_session_moves_to_a_web_socket(server):
    polled = await server.open()
    async with polled.upgrade() as socket:
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")
        await socket.send("5")
        await socket.send("40")
        check_connect(await receive_but_pings(socket), "40")


async def socketio_polls_after_the_upgrade_are_refused(server):
    polled = await server.open()
    async with polled.upgrade() as socket:
        await socket.send("2probe")
        await socket.send("5")
        equal(await receive(socket), "3probe", "answer to the probe")
        await socket.send("40")
        check_connect(await receive_but_pings(socket), "40")
        equal((await polled.poll()).status, 400, "status of a poll")


async def socketio_second_web_socket_is_closed(server):
    polled = await server.open()
    async with polled.upgrade() as socket:
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")
        await socket.send("5")
        async with polled.upgrade() as second:
            await must_close(second)
        await socket.send("40")
        check_connect(await receive_but_pings(socket), "40")


# ── connect ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def client_connects_to_the_main_namespace(server):
    async with session(server) as socket:
        await socket.send("40")
        check_connect(await receive_but_pings(socket), "40")
        equal(await receive_but_pings(socket), '42["auth",{}]', "event")


async def client_connects_to_the_main_namespace_with_a_payload(server):
    async with session(server) as socket:
        await socket.send('40{"token":"123"}')
        check_connect(await receive_but_pings(socket), "40")
        equal(await receive_but_pings(socket), '42["auth",{"token":"123"}]', "event")


async def client_connects_to_a_custom_namespace(server):
    for packet in ("40/custom,", "40/custom"):
        async with session(server) as socket:
            await socket.send(packet)
            check_connect(await receive_but_pings(socket), "40/custom,")
            equal(await receive_but_pings(socket), '42/custom,["auth",{}]', "event")


async def client_connects_to_a_custom_namespace_with_a_payload(server):
    async with session(server) as socket:
        await socket.send('40/custom,{"token":"abc"}')
        check_connect(await receive_but_pings(socket), "40/custom,")
        equal(await receive_but_pings(socket), '42/custom,["auth",{"token":"abc"}]', "event")


async def unknown_namespace_is_refused(server):
    async with session(server) as socket:
        await socket.send("40/random")
        equal(await receive_but_pings(socket), '44/random,{"message":"Invalid namespace"}', "answer to CONNECT")


async def invalid_handshake_is_closed(server):
    async with session(server) as socket:
        await socket.send("4abc")
        await must_close(socket)


async def session_without_a_namespace_is_closed_in_time(server):
    async with session(server) as socket:
        begin = time.monotonic()
        while time.monotonic() < begin + 5:
            try:
                if await receive(socket) == "2":
                    await socket.send("3")
            except Exception:
                break
        took = time.monotonic() - begin
        check(0.9 <= took <= 1.6, f"closed after {took:.3f} s instead of 1 s")


# ── disconnect ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def client_leaves_the_main_namespace(server):
    async with connected(server) as socket:
        await socket.send("41")
        await socket.send('40/custom,')
        check_connect(await receive_but_pings(socket), "40/custom,")


async def client_leaves_a_custom_namespace(server):
    async with connected(server) as socket:
        await socket.send("40/custom,")
        check_connect(await receive_but_pings(socket), "40/custom,")
        equal(await receive_but_pings(socket), '42/custom,["auth",{}]', "event")
        await socket.send("41/custom,")
        await socket.send('42["message","message to main namespace"]')
        equal(await receive_but_pings(socket), '42["message-back","message to main namespace"]', "event")


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def event_is_answered(server):
    async with connected(server) as socket:
        await socket.send('42["message",1,"2",{"3":[true]}]')
        equal(await receive_but_pings(socket), '42["message-back",1,"2",{"3":[true]}]', "event")


async def binary_event_is_answered(server):
    async with connected(server) as socket:
        await socket.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        await socket.send(b"\x01\x02\x03")
        await socket.send(b"\x04\x05\x06")
        packets = [await receive_but_pings(socket) for _ in range(3)]
        equal(packets, ['452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
                        b"\x01\x02\x03", b"\x04\x05\x06"], "packets")


async def event_is_acknowledged(server):
    async with connected(server) as socket:
        await socket.send('42456["message-with-ack",1,"2",{"3":[false]}]')
        equal(await receive_but_pings(socket), '43456[1,"2",{"3":[false]}]', "acknowledgment")


async def binary_event_is_acknowledged(server):
    async with connected(server) as socket:
        await socket.send('452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        await socket.send(b"\x01\x02\x03")
        await socket.send(b"\x04\x05\x06")
        packets = [await receive_but_pings(socket) for _ in range(3)]
        equal(packets, ['462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
                        b"\x01\x02\x03", b"\x04\x05\x06"], "packets")


async def unknown_packet_type_is_closed(server):
    async with connected(server) as socket:
        await socket.send("4abc")
        await must_close(socket)


async def invalid_payload_is_closed(server):
    async with connected(server) as socket:
        await socket.send("42{}")
        await must_close(socket)


async def invalid_acknowledgment_id_is_closed(server):
    async with connected(server) as socket:
        await socket.send('42abc["message-with-ack",1,"2",{"3":[false]}]')
        await must_close(socket)


# ── beyond the suite ──────────────────────────────────────────────────────────────────────────────────────────────────


async def socketio_messages_that_break_a_rule_are_closed(server):
    wrong = ["4", "47", "42", "42[]", '42[1', '42["a",]', '42["disconnect"]', '42["a"]x', '40[]', '401', '43[]', "43", '410',
             '42/nowhere,["a"]', '45["a"]', '451["a"]', '4511-["a"]', '4599999999999999999999-["a"]', '4299999999999999999999["a"]',
             '42["a","\\ud83d', '42["' + "[" * 100000, '42' + "[" * 100000, '44{"message":"no"}', "40", '42[{"a":1}]',
             '42/' + "n" * 300 + ',["a"]']
    for packet in wrong:
        async with connected(server) as socket:
            await socket.send(packet)
            await must_close(socket)


async def socketio_attachments_that_break_a_rule_are_closed(server):
    first = '451-["message",{"_placeholder":true,"num":0}]'
    wrong = [[b"\x01"], [first, "42[\"a\"]"], ['451-["a",{"_placeholder":true,"num":1}]', b"\x01"],
             ['451-["a",{"_placeholder":true,"num":-1}]', b"\x01"], ['451-["a",{"_placeholder":true,"num":0.5}]', b"\x01"],
             ['451-["a",{"_placeholder":true}]', b"\x01"], [first, b"\x01", b"\x02"]]
    for packets in wrong:
        async with connected(server) as socket:
            for packet in packets:
                await socket.send(packet)
            await must_close(socket)


async def what_was_sent_to_a_namespace_that_was_left_is_ignored(server):
    async with connected(server) as socket:
        await socket.send("41")
        await socket.send('42["message","too late"]')
        await socket.send("40")
        check_connect(await receive_but_pings(socket), "40")


async def polling_carries_events_and_attachments(server):
    polled = await server.open()
    await polled.push("40")
    packets = []
    while len(packets) < 2:
        packets += [packet for packet in await polled.packets() if packet != "2"]
    check_connect(packets[0], "40")
    await polled.push('451-["message",{"_placeholder":true,"num":0}]\x1ebAQID\x1e42["message","\u00e9\\u001e"]')
    packets = []
    while len(packets) < 3:
        packets += [packet for packet in await polled.packets() if packet != "2"]
    equal(packets, ['451-["message-back",{"_placeholder":true,"num":0}]', "bAQID", '42["message-back","\u00e9\\u001e"]'], "packets")


async def events_of_one_client_are_answered_in_order(server):
    async with connected(server) as socket:
        for number in range(500):
            await socket.send(f'42["message",{number}]')
        for number in range(500):
            equal(await receive_but_pings(socket), f'42["message-back",{number}]', "event")


async def many_namespaces_end_the_session(server):
    async with session(server) as socket:
        for number in range(100):
            await socket.send(f"40/unknown{number}")
        # Unknown ones take no place.
        for number in range(100):
            check((await receive_but_pings(socket)).startswith("44/unknown"), "answer to CONNECT")


