"""What the published suite leaves open."""

import asyncio
import base64
import json

from websockets.exceptions import ConnectionClosed

from wire import SEPARATOR, check, equal, must_close, receive, receive_but_pings


# ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def errors_have_their_numbers(server):
    polling = {"EIO": 4, "transport": "polling"}
    nobody = "A" * 20
    wanted = [
        ("GET", {"EIO": 4, "transport": "abc"}, 0, "Transport unknown"),
        ("GET", {**polling, "sid": nobody}, 1, "Session ID unknown"),
        ("POST", {**polling, "sid": nobody}, 1, "Session ID unknown"),
        ("GET", {**polling, "sid": "short"}, 1, "Session ID unknown"),
        ("GET", {**polling, "sid": "__" + "A" * 18}, 1, "Session ID unknown"),
        ("POST", polling, 2, "Bad handshake method"),
        ("PUT", polling, 2, "Bad handshake method"),
        ("GET", {"EIO": 4, "transport": "websocket"}, 3, "Bad request"),
        ("GET", {**polling, "EIO": 3}, 5, "Unsupported protocol version"),
        ("GET", {**polling, "EIO": 5}, 5, "Unsupported protocol version"),
    ]
    for method, query, code, message in wanted:
        response = await server.ask(method, "" if method != "GET" else None, **query)
        equal(response.status, 400, f"status of {method} {query}")
        equal(response.headers.get("content-type"), "application/json", "content type")
        equal(response.json, {"code": code, "message": message}, f"body for {method} {query}")


async def other_methods_are_refused(server):
    session = await server.open()
    for method in ("PUT", "DELETE", "PATCH"):
        equal((await server.ask(method, "4hello", **session.query())).status, 400, f"status of {method}")
    equal((await session.push("4still here")).status, 200, "status of a POST after that")


async def jsonp_is_refused(server):
    response = await server.ask("GET", EIO=4, transport="polling", j=0)
    equal((response.status, response.json["message"]), (400, "JSONP is not supported"), "answer")


async def deeper_paths_belong_to_the_server(server):
    deeper = type(server)(server.port, "/engine.io/anything/below")
    equal((await deeper.ask("GET", EIO=4, transport="polling")).status, 200, "status below the path")
    without_slash = type(server)(server.port, "/engine.io")
    equal((await without_slash.ask("GET", EIO=4, transport="polling")).status, 404, "status without the slash")


async def a_web_socket_for_nobody_is_refused(server):
    request = await server.start(
        "GET",
        headers={
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
        EIO=4, transport="websocket", sid="A" * 20,
    )
    response = await request.response()
    request.close()
    equal((response.status, response.json["code"]), (400, 1), "answer")


# ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def header_fields_are_those_of_the_reference(server):
    session = await server.open()
    response = await session.push("4hello")
    equal(response.headers.get("content-type"), "text/html", "content type of the answer to a POST")
    equal(response.headers.get("cache-control"), "no-store", "cache control")
    equal(response.headers.get("access-control-allow-origin"), "*", "who may read")
    response = await session.poll()
    equal(response.headers.get("content-type"), "text/plain; charset=UTF-8", "content type of the answer to a GET")
    equal(response.headers.get("cache-control"), "no-store", "cache control")
    equal(response.headers.get("access-control-allow-origin"), "*", "who may read")


async def preflight_is_answered(server):
    headers = {
        "Origin": "http://elsewhere.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-custom, content-type",
    }
    response = await server.ask("OPTIONS", headers=headers, EIO=4, transport="polling")
    equal((response.status, response.body), (204, b""), "answer")
    equal(response.headers.get("access-control-allow-origin"), "*", "who may")
    check("POST" in response.headers.get("access-control-allow-methods", ""), "POST may be used")
    equal(response.headers.get("access-control-allow-headers"), "x-custom, content-type", "header fields that may be sent")


async def binary_body_ends_the_session(server):
    session = await server.open()
    response = await session.push(b"\x00\x01", {"Content-Type": "application/octet-stream"})
    equal(response.status, 400, "status")
    await session.must_be_gone()


async def body_over_the_limit_leaves_the_session(server):
    session = await server.open()
    request = await server.start("POST", "4" + "x" * 1_000_000, {"Origin": "http://elsewhere.example"}, **session.query())
    response = await request.response()
    equal(response.status, 413, "status")
    equal(response.headers.get("access-control-allow-origin"), "*", "who may read the refusal")
    request.close()
    push = asyncio.create_task(session.push("4" + "y" * 999_999))
    while (packets := await session.packets()) == ["2"]:
        await push
        await session.push("3")
    equal((await push).status, 200, "status of a body at the limit")
    equal(packets, ["4" + "y" * 999_999], "packets")


async def bodies_that_are_no_payload_end_the_session(server):
    bodies = [
        b"", b"\x1e", b"4a\x1e", b"\x1e4a", b"4a\x1e\x1e4b", b"7", b"4a\x1e7", b"4\xff", b"4\xc3", b"4\xed\xa0\x80",
        b"b!!!!", b"bAQ=", b"bA===", b"bAQ==AQ==", b"0", b"2", b"2probe", b"5",
    ]
    for body in bodies:
        session = await server.open()
        response = await session.push(body)
        equal(response.status, 400, f"status for {body}")
        await session.must_be_gone()


async def of_a_wrong_body_nothing_counts(server):
    session = await server.open()
    poll = await session.start_poll()
    await asyncio.sleep(0.01)
    equal((await session.push("4first\x1eabc")).status, 400, "status")
    equal((await poll.response()).text, "1", "answer to the waiting poll")


async def too_many_packets_end_the_session(server):
    session = await server.open()
    equal((await session.push(SEPARATOR.join(["4"] * 10_000))).status, 200, "status of 10,000 packets")
    equal(len(await session.packets()), 10_000, "packets that come back")
    equal((await session.push(SEPARATOR.join(["4"] * 10_001))).status, 400, "status of 10,001 packets")
    await session.must_be_gone()


async def empty_messages_are_messages(server):
    session = await server.open()
    await session.push("4\x1eb\x1e4")
    equal(await session.packets(), ["4", "b", "4"], "packets")


async def text_is_any_unicode(server):
    session = await server.open()
    text = "4€ 𝄞 \u0000 \u2028 ẞ"
    await session.push(text)
    equal(await session.packets(), [text], "packets")


async def binary_of_every_length(server):
    session = await server.open()
    packets = ["b" + base64.b64encode(bytes(range(length))).decode() for length in range(1, 70)]
    await session.push(SEPARATOR.join(packets))
    equal(await session.packets(), packets, "packets")


async def a_client_may_send_noops(server):
    session = await server.open()
    response = await session.push("6")
    equal((response.status, response.text), (200, "ok"), "answer")
    await session.push("6\x1e4hello")
    equal(await session.packets(), ["4hello"], "packets")


async def long_polls_are_compressed(server):
    session = await server.open()
    for count, coding, accepted in [
        (1023, "gzip", "gzip, deflate"), (1022, None, "gzip, deflate"), (5000, None, "identity"),
        (5000, None, "gzip;q=0, deflate"), (5000, "gzip", "deflate;q=0.5, gzip;q=0.8"),
    ]:
        await session.push("4" + "z" * count)
        response = await session.poll({"Accept-Encoding": accepted})
        equal(response.headers.get("content-encoding"), coding, f"coding of {count + 1} bytes for {accepted}")
        equal(response.text, "4" + "z" * count, "payload")


# ── two at a time, and gone half-way ──────────────────────────────────────────────────────────────────────────────────


async def second_post_ends_the_session(server):
    session = await server.open()
    poll = await session.start_poll()
    first = await server.start("POST", "4half", announced=100, **session.query())
    await asyncio.sleep(0.02)
    equal((await session.push("4second")).status, 400, "status of the second POST")
    equal((await first.response()).status, 400, "status of the first POST")
    equal((await poll.response()).text, "1", "answer to the waiting poll")
    await session.must_be_gone()


async def aborted_post_ends_the_session(server):
    session = await server.open()
    first = await server.start("POST", "4half", announced=100, **session.query())
    await asyncio.sleep(0.02)
    first.abort()
    await asyncio.sleep(0.02)
    await session.must_be_gone()


async def post_to_nobody_is_refused_before_its_body(server):
    request = await server.start("POST", "4half", announced=900_000, EIO=4, transport="polling", sid="A" * 20)
    equal((await request.response()).json["code"], 1, "answer before the body is there")
    request.close()


async def polls_on_one_connection(server):
    """Keep-alive: each request comes after the answer to the last."""
    session = await server.open()
    request = await server.start("GET", **session.query())
    for round in range(20):
        await session.push(f"4{round}")
        messages = []
        while not messages:
            packets = (await request.response()).text.split(SEPARATOR)
            messages = [packet for packet in packets if packet != "2"]
            if "2" in packets:
                await session.push("3")
            request.writer.write(f"GET {server.target(**session.query())} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        equal(messages, [f"4{round}"], "packets")
        await asyncio.sleep(0.005)
    request.close()


async def sessions_are_found_from_every_event_loop(server):
    """Connections land on the server's event loops in turn: some requests come to another one than the session's."""
    session = await server.open()
    for round in range(12):
        poll = await session.start_poll()
        await session.push(f"4{round}")
        messages = []
        while not messages:
            packets = (await poll.response()).text.split(SEPARATOR)
            messages = [packet for packet in packets if packet != "2"]
            if "2" in packets:
                await session.push("3")
            if not messages:
                poll = await session.start_poll()
        equal(messages, [f"4{round}"], "packets")


# ── upgrade ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def noops_repeat_while_upgrading(server):
    session = await server.open()
    async with session.upgrade() as socket:
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")
        for _ in range(3):
            packets = await session.packets()
            if packets == ["2"]:
                # Pings are rarer than noops: the next one is that.
                await session.push("3")
                packets = await session.packets()
            check(packets in (["6"], ["2", "6"], ["6", "2"]), f"a poll while upgrading brings {packets}")
            if "2" in packets:
                await session.push("3")


async def messages_go_by_polling_until_the_upgrade_is_done(server):
    session = await server.open()
    async with session.upgrade() as socket:
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")
        await session.push("4before")
        equal([packet for packet in await session.packets() if packet != "2"], ["4before"], "packets by polling")
        await session.push("4waits")
        await socket.send("5")
        await socket.send("4after")
        equal([await receive_but_pings(socket) for _ in range(2)], ["4waits", "4after"], "packets by WebSocket")


async def anything_else_on_the_probe_closes_it(server):
    for wrong in (["4hello"], ["2"], ["5"], ["2probe", "2probe"], [b"2probe"], [""], ["2probe", "4hello"], ["x"]):
        session = await server.open()
        async with session.upgrade() as socket:
            try:
                for packet in wrong:
                    await socket.send(packet)
            except ConnectionClosed:
                pass
            await must_close(socket)
        await session.push("4still polling")
        equal(await session.packets(), ["4still polling"], f"packets after {wrong}")


async def a_lost_probe_leaves_polling(server):
    session = await server.open()
    for probe in ([], ["2probe"]):
        async with session.upgrade() as socket:
            for packet in probe:
                await socket.send(packet)
                await receive(socket)
            socket.transport.abort()
        await asyncio.sleep(0.02)
        await session.push("4still polling")
        packets = await session.packets()
        equal([packet for packet in packets if packet not in ("2", "6")], ["4still polling"], f"packets after {probe}")
        if "2" in packets:
            await session.push("3")
    # Another try is welcome.
    async with session.upgrade() as socket:
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")
        await socket.send("5")
        await socket.send("4hello")
        equal(await receive_but_pings(socket), "4hello", "packet")


async def a_second_probe_is_closed(server):
    session = await server.open()
    async with session.upgrade() as socket:
        async with session.upgrade() as second:
            await must_close(second)
        await socket.send("2probe")
        equal(await receive(socket), "3probe", "answer to the probe")


async def messages_follow_the_upgrade_at_once(server):
    session = await server.open()
    async with session.upgrade() as socket:
        for packet in ["2probe", "5"] + [f"4{number}" for number in range(100)]:
            await socket.send(packet)
        equal(await receive(socket), "3probe", "answer to the probe")
        for number in range(100):
            equal(await receive_but_pings(socket), f"4{number}", "packet")


async def heartbeat_goes_on_over_the_upgrade(server):
    session = await server.open()
    async with session.upgrade() as socket:
        await socket.send("2probe")
        await receive(socket)
        await socket.send("5")
        for _ in range(3):
            equal(await receive(socket), "2", "packet")
            await socket.send("3")


# ── WebSocket ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def web_socket_messages_keep_order_and_kind(server):
    async with server.web_socket() as socket:
        await receive(socket)
        wanted = []
        for number in range(300):
            wanted.append(f"4{number}" if number % 3 else bytes([number % 256]) * (number % 50))
            await socket.send(wanted[-1])
        for packet in wanted:
            equal(await receive_but_pings(socket), packet, "packet")


async def web_socket_message_over_the_limit_is_closed(server):
    async with server.web_socket() as socket:
        await receive(socket)
        await socket.send("4" + "x" * 1_000_000)
        await must_close(socket)
        equal(socket.close_code, 1009, "close code")


async def packets_that_clients_must_not_send_end_the_session(server):
    for packet in ("0", "2", "5", "2probe", "4one\x1e4two"):
        async with server.web_socket() as socket:
            await receive(socket)
            await socket.send(packet)
            await must_close(socket)


async def upgrade_of_a_web_socket_session_is_closed(server):
    async with server.web_socket() as socket:
        sid = json.loads((await receive(socket))[1:])["sid"]
        async with server.web_socket(sid=sid) as second:
            await must_close(second)
        response = await server.ask("GET", EIO=4, transport="polling", sid=sid)
        equal((response.status, response.json["code"]), (400, 3), "answer to a poll")
        await socket.send("4hello")
        equal(await receive_but_pings(socket), "4hello", "packet")
