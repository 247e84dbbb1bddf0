"""`martlet inspect`: the report for people, the one for programs, and the capture file."""

import asyncio
import base64
import hashlib
import json
import re
import socket
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "Interoperability" / "realworld"))

from expectations import one_line
from harness import Server, certificate, check, contains, equal, martlet, test
from peer import echo, peer
from peers import Certificates, forget_proxies, tinyproxy

forget_proxies()

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_value(key):
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


async def inspected(*arguments):
    """The JSON report and the exit status."""
    result = await martlet("inspect", "--json", *arguments)
    equal(result.errors, "", "standard error")
    return json.loads(result.output), result.status


async def run(*command):
    """Standard output of another program."""
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=asyncio.subprocess.PIPE,
                                                   stderr=asyncio.subprocess.PIPE)
    output, errors = await process.communicate()
    check(process.returncode == 0, f"{command[0]} failed: {errors.decode()}")
    return output.decode()


@asynccontextmanager
async def answering(make_answer):
    """A server that answers a handshake with what is made from its key, text or bytes, and then says nothing."""
    async def handle(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        answer = make_answer(re.search(r"Sec-WebSocket-Key: (\S+)", head)[1])
        writer.write(answer if isinstance(answer, bytes) else answer.replace("\n", "\r\n").encode())
        await reader.read()
        writer.close()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def switching(accept):
    return f"HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: {accept}\n\n"


@test("inspect: request, response, accept value, ping and close are shown")
async def _():
    async with Server() as server:
        result = await martlet("inspect", f"{server.ws}/echo?a=b", "-H", "X-Bird: martlet", "--subprotocol", "chat",
                               "--origin", server.http)
        equal((result.errors, result.status), ("", 0), "errors and status")
        text = result.output
        for line in ("  GET /echo?a=b HTTP/1.1", f"  Host: 127.0.0.1:{server.port}", "  Upgrade: websocket", "  X-Bird: martlet",
                     "  Sec-WebSocket-Protocol: chat", f"  Origin: {server.http}", "  HTTP/1.1 101 Switching Protocols"):
            contains(result.lines, line, "lines")
        key = re.search(r"^  Sec-WebSocket-Key: (\S+)$", text, re.M)[1]
        equal(len(base64.b64decode(key)), 16, "bytes of the key")
        contains(result.lines, f"  Sec-WebSocket-Accept: {accept_value(key)}", "lines")
        for part in (GUID, hashlib.sha1((key + GUID).encode()).hexdigest(), "They match"):
            contains(text, part, "computation")
        check("They do not match" not in text, "both verdicts are given")
        check(re.search(r"^Ping +answered after \d+\.\d+ ms$", text, re.M), "no round trip")
        check(re.search(r"^Close +sent 1000, received 1000: clean$", text, re.M), "no close")


@test("inspect: --json is the same for programs")
async def _():
    async with Server() as server:
        report, status = await inspected(f"{server.ws}/echo")
        equal((report["result"], status), ("closed", 0), "result and status")
        equal(report["request"]["startLine"], "GET /echo HTTP/1.1", "request line")
        equal(report["response"]["startLine"], "HTTP/1.1 101 Switching Protocols", "status line")
        fields = {field["name"]: field["value"] for field in report["request"]["fields"]}
        equal(fields["Sec-WebSocket-Version"], "13", "version")
        acceptance = report["acceptance"]
        equal(acceptance["key"], fields["Sec-WebSocket-Key"], "key")
        equal((acceptance["expected"], acceptance["received"], acceptance["matches"]),
              (accept_value(acceptance["key"]), accept_value(acceptance["key"]), True), "accept value")
        frames = report["frames"]
        equal([(frame["opcode"], frame["direction"], frame["isMasked"]) for frame in frames],
              [("ping", "sent", True), ("pong", "received", False), ("close", "sent", True), ("close", "received", False)], "frames")
        equal(frames[0]["payload"], frames[1]["payload"], "payload of the pong")
        ping = bytes.fromhex(frames[0]["bytes"])
        mask = bytes.fromhex(frames[0]["maskingKey"])
        equal(ping[:2] + ping[2:6], bytes([0x89, 0x80 | len(ping) - 6]) + mask, "header of the ping")
        equal(bytes(byte ^ mask[index % 4] for index, byte in enumerate(ping[6:])).hex(), frames[0]["payload"], "unmasked payload")
        times = [report["request"]["time"], report["response"]["time"], *(frame["time"] for frame in frames)]
        equal(times, sorted(times), "times")
        check(report["pingMilliseconds"] > 0, "no round trip")
        equal((report["close"]["sentCode"], report["close"]["receivedCode"], report["close"]["wasClean"]), (1000, 1000, True), "close")


@test("inspect: a refusal is shown with status and body, status 2")
async def _():
    async with Server() as server:
        result = await martlet("inspect", f"{server.ws}/nothing-here")
        equal((result.errors, result.status), ("", 2), "errors and status")
        for part in ("HTTP/1.1 404 Not Found", "Nothing here.", "refused"):
            contains(result.output, part, "output")
        report, status = await inspected(f"{server.ws}/nothing-here")
        equal((report["result"], report["body"], report["frames"], status), ("refused", "Nothing here.\n", [], 2), "report")
        contains(report["response"]["startLine"], "404", "status line")


@test("inspect: no server is status 2, in JSON as well")
async def _():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}/"
        result = await martlet("inspect", url)
        equal(result.status, 2, "status")
        contains(result.output + result.errors, "refused", "output")
        report, status = await inspected(url)
        equal((report["result"], status), ("noConnection", 2), "result and status")
        contains(report["error"], "refused", "error")


@test("inspect: a wrong accept value is found out")
async def _():
    async with answering(lambda key: switching(accept_value("AAAAAAAAAAAAAAAAAAAAAA=="))) as url:
        result = await martlet("inspect", url)
        equal(result.status, 2, "status")
        contains(result.output, "They do not match", "output")
        report, status = await inspected(url)
        equal((report["result"], report["acceptance"]["matches"], status), ("handshakeFailed", False, 2), "report")


@test("inspect: a connection that fails after the handshake is status 1")
async def _():
    async def vanish(connection):
        connection.transport.abort()
    async with peer(vanish) as server:
        report, status = await inspected(server.url)
        equal((report["result"], status), ("connectionFailed", 1), "result and status")
        equal(report["acceptance"]["matches"], True, "accept value")
        check(report["error"], "no error said")
    async with answering(lambda key: switching(accept_value(key))) as url:
        report, status = await inspected(url)
        equal((report["result"], status), ("connectionFailed", 1), "result and status of a peer that answers no ping")
        equal(report.get("pingMilliseconds"), None, "round trip")


@test("class 22, terminal injection: inspect escapes control characters of the server")
async def _():
    body = "no\x1b[2J\x07\r\nentry\n"
    answer = f"HTTP/1.1 403 For\tbidden\nX-Bell: a\tb\nContent-Length: {len(body)}\n\n"
    async with answering(lambda key: answer + body.replace("\r\n", "\n")) as url:
        result = await martlet("inspect", url)
        equal(result.status, 2, "status")
        found = [character for character in result.output + result.errors if character != "\n" and not character.isprintable()]
        equal(found, [], "control characters")
        contains(result.output, r"no\u{1b}[2J\u{7}", "output")


async def dissected(capture, *fields, only="websocket", taken=()):
    """Rows of these fields, as Wireshark's dissector sees the capture; taken: what a port is taken for, if it can't know."""
    options = [option for field in fields for option in ("-e", field)]
    output = await run("tshark", "-r", capture, *taken, "-Y", only, "-T", "fields", *options)
    return [tuple(line.split("\t")) for line in output.splitlines()]


async def check_capture(capture, report):
    summary = await run("capinfos", "-M", capture)
    contains(summary, "pcap", "file type")
    check(int(re.search(r"Number of packets: *(\d+)", summary)[1]) >= 6, f"packets: {summary}")
    key, accept = report["acceptance"]["key"], report["acceptance"]["received"]
    requests = await dissected(capture, "http.request.uri", "http.upgrade", "http.sec_websocket_key", only="http.request")
    equal(requests, [("/echo", "websocket", key)], "requests")
    responses = await dissected(capture, "http.response.code", "http.upgrade", "http.sec_websocket_accept", only="http.response")
    equal(responses, [("101", "websocket", accept)], "responses")
    frames = await dissected(capture, "websocket.opcode", "websocket.fin", "websocket.mask")
    equal([(int(opcode), fin.lower() in ("1", "true"), mask.lower() in ("1", "true")) for opcode, fin, mask in frames],
          [(9, True, True), (10, True, False), (8, True, True), (8, True, False)], "frames")
    equal(await dissected(capture, "frame.number", only="_ws.malformed || tcp.analysis.lost_segment"), [], "malformed packets")


@test("inspect: --pcap is a capture that Wireshark understands")
async def _():
    async with Server() as server:
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder, "handshake.pcap")
            report, status = await inspected(f"{server.ws}/echo", "--pcap", str(capture))
            equal(status, 0, "status")
            await check_capture(capture, report)


@test("inspect: --pcap of wss: holds the decrypted packets")
async def _():
    async with certificate() as (chain, key), Server("--tls-certificate", chain, "--tls-key", key) as server:
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder, "handshake.pcap")
            report, status = await inspected(f"{server.ws}/echo", "--insecure", "--http1", "--pcap", str(capture))
            equal((status, report["isSecure"]), (0, True), "status and security")
            equal(report["tls"]["applicationProtocol"], "http/1.1", "protocol by ALPN")
            check("http2" not in report, "a report about HTTP/2")
            await check_capture(capture, report)
            report, status = await inspected(f"{server.ws}/echo", "--insecure", "--no-compression", "--pcap", str(capture))
            equal(status, 0, "status over HTTP/2")
            rows = await dissected(capture, "http2.headers.method", "http2.headers.path", only="http2.headers.method",
                                   taken=("-d", f"tcp.port=={server.port},http2"))
            equal(rows, [("CONNECT", "/echo")], "requests over HTTP/2")
        report, status = await inspected(f"{server.ws}/echo")
        equal((report["result"], status), ("noConnection", 2), "result and status without --insecure")
        contains(report["error"].lower(), "certificate", "error")


async def fingerprint(chain):
    said = await run("openssl", "x509", "-in", chain, "-noout", "-fingerprint", "-sha256")
    return said.strip().split("=", 1)[1]


@test("inspect: version of TLS, ALPN and certificate; over HTTP/2 settings, pseudo-headers and frames")
async def _():
    async with certificate() as (chain, key), Server("--tls-certificate", chain, "--tls-key", key) as server:
        report, status = await inspected(f"{server.ws}/echo?a=b", "--insecure")
        equal((report["result"], status), ("closed", 0), "result and status")
        tls = report["tls"]
        equal((tls["version"], tls["applicationProtocol"], len(tls["certificates"])), ("TLS 1.3", "h2", 1), "TLS")
        shown = tls["certificates"][0]
        equal((shown["fingerprint"], shown["names"], shown["subject"], shown["isInForce"]),
              (await fingerprint(chain), ["127.0.0.1", "localhost"], "CN=localhost", True), "certificate")
        settings = {(each["direction"], each["name"]): each["value"] for each in report["http2"]["settings"]}
        equal((settings["received", "ENABLE_CONNECT_PROTOCOL"], settings["sent", "ENABLE_PUSH"]), (1, 0), "settings")
        fields = {field["name"]: field["value"] for field in report["request"]["fields"]}
        equal([fields[name] for name in (":method", ":protocol", ":scheme", ":path", ":authority")],
              ["CONNECT", "websocket", "https", "/echo?a=b", f"127.0.0.1:{server.port}"], "pseudo-header fields")
        equal({field["name"]: field["value"] for field in report["response"]["fields"]}[":status"], "200", "status of HTTP")
        check("acceptance" not in report, "there is no accept value over HTTP/2")
        equal([(frame["opcode"], frame["direction"], frame["isMasked"]) for frame in report["frames"]],
              [("ping", "sent", True), ("pong", "received", False), ("close", "sent", True), ("close", "received", False)], "frames")
        seen = [(frame["direction"], frame["type"]) for frame in report["http2"]["frames"] if frame["stream"] == 1]
        equal(seen[:2], [("sent", "HEADERS"), ("received", "HEADERS")], "frames of the stream")
        equal({kind for _, kind in seen[2:]}, {"DATA"}, "further frames of the stream")
        text = (await martlet("inspect", "--insecure", f"{server.ws}/echo")).output
        for part in ("TLS 1.3", "ALPN           h2", shown["fingerprint"], "← ENABLE_CONNECT_PROTOCOL = 1", ":protocol: websocket",
                     "DATA END_STREAM, stream 1"):
            contains(text, part, "report for people")


@test("inspect: a certificate that nobody trusts is shown all the same")
async def _():
    async with certificate() as (chain, key), Server("--tls-certificate", chain, "--tls-key", key) as server:
        report, status = await inspected(f"{server.ws}/echo")
        equal((report["result"], status), ("noConnection", 2), "result and status")
        equal([shown["fingerprint"] for shown in report["tls"]["certificates"]], [await fingerprint(chain)], "certificates")
        check("version" not in report["tls"], "TLS was agreed on")


@test("inspect: the whole chain is shown, the server's certificate first")
async def _():
    with tempfile.TemporaryDirectory() as folder:
        made = Certificates(folder)
        chain, key = made.good
        async with Server("--tls-certificate", chain, "--tls-key", key) as server:
            report, status = await inspected("--ca", made.authority, f"{server.ws}/echo")
            equal((report["result"], status), ("closed", 0), "result and status")
            shown = report["tls"]["certificates"]
            equal([each["fingerprint"] for each in shown],
                  [await fingerprint(made.path("good.pem")), await fingerprint(made.authority)], "certificates")
            equal([(each["subject"], each["issuer"]) for each in shown],
                  [("CN=good", "CN=An authority of our own")] + [("CN=An authority of our own",) * 2], "subjects and issuers")
            equal((shown[0]["names"][:2], shown[1]["names"]), (["127.0.0.1", "localhost"], []), "names")
            text = (await martlet("inspect", "--ca", made.authority, f"{server.ws}/echo")).output
            first, second = (text.find(each["fingerprint"]) for each in shown)
            check(0 < first < second, f"order in {text!r}")


@test("inspect: --proxy shows the server behind it, and a proxy that refuses")
async def _():
    async with (certificate() as (chain, key), tinyproxy() as proxy, Server() as plain,
                Server("--tls-certificate", chain, "--tls-key", key) as secure):
        way = ("--proxy", f"http://127.0.0.1:{proxy.port}")
        for server, options in ((plain, ()), (secure, ("--ca", chain)), (secure, ("--ca", chain, "--http1"))):
            before = proxy.log().count(f"CONNECT 127.0.0.1:{server.port} ")
            report, status = await inspected(*way, *options, f"{server.ws}/echo")
            equal((report["result"], status), ("closed", 0), f"result and status with {options}")
            # What is asked of the proxy is no part of the handshake.
            check("CONNECT 127" not in json.dumps(report["request"]) and report["request"]["fields"], f"request {report['request']}")
            check(await proxy.logged(f"CONNECT 127.0.0.1:{server.port} "), f"not in the log: {proxy.log()!r}")
            check(proxy.log().count(f"CONNECT 127.0.0.1:{server.port} ") > before, "it went elsewhere")
            if server is secure:
                equal([each["fingerprint"] for each in report["tls"]["certificates"]], [await fingerprint(chain)], "certificates")
    async with tinyproxy("ConnectPort 443") as proxy:
        report, status = await inspected("--proxy", f"http://127.0.0.1:{proxy.port}", "ws://127.0.0.1:9/")
        equal((report["result"], status), ("noConnection", 2), "result and status of a refusal")
        contains(report["error"], f"the proxy http://127.0.0.1:{proxy.port} refused: HTTP 403", "error")


@test("inspect: --resolve leads elsewhere and asks for the name")
async def _():
    async with Server() as server:
        place = f"nest.invalid:{server.port}"
        report, status = await inspected("--resolve", f"{place}:127.0.0.1", f"ws://{place}/echo")
        equal((report["result"], status), ("closed", 0), "result and status")
        equal({field["name"]: field["value"] for field in report["request"]["fields"]}["Host"], place, "Host")
        contains(report["remoteAddress"], "127.0.0.1", "address")
        report, status = await inspected(f"ws://{place}/echo")
        equal((report["result"], status), ("noConnection", 2), "result and status without it")


@test("inspect: --http2 without TLS, and where the server has none")
async def _():
    async with Server() as server:
        report, status = await inspected("--http2", f"{server.ws}/echo")
        equal((report["result"], status, report["isSecure"]), ("closed", 0, False), "result, status and security")
        check("tls" not in report, "a report about TLS")
        fields = {field["name"]: field["value"] for field in report["request"]["fields"]}
        equal([fields[name] for name in (":method", ":protocol", ":scheme")], ["CONNECT", "websocket", "http"], "pseudo-header fields")
        check(any(each["name"] == "ENABLE_CONNECT_PROTOCOL" for each in report["http2"]["settings"]), "no settings")
    async with peer(echo) as server:
        report, status = await inspected("--http2", "--timeout", "2", server.url)
        equal((report["result"], status), ("noConnection", 2), "result and status with a server of HTTP/1.1")


@test("inspect: what a redirection was followed from is told, the last connection shown")
async def _():
    async with Server() as server:
        async with answering(lambda key: f"HTTP/1.1 302 Found\nLocation: {server.ws}/echo\nContent-Length: 0\n\n") as url:
            report, status = await inspected("--max-redirects", "1", url)
            equal((report["result"], status), ("closed", 0), "result and status")
            equal(report["request"]["startLine"], "GET /echo HTTP/1.1", "request")
            equal(report["earlier"], ["GET / HTTP/1.1: HTTP/1.1 302 Found"], "before")
    # To TLS that fails: the connection that redirected is not taken for the one that failed.
    async with certificate() as (chain, key), Server("--tls-certificate", chain, "--tls-key", key) as secure:
        async with answering(lambda key: f"HTTP/1.1 302 Found\nLocation: {secure.ws}/echo\nContent-Length: 0\n\n") as url:
            report, status = await inspected("--max-redirects", "1", url)
            equal((report["result"], status), ("noConnection", 2), "result and status")
            equal((report["earlier"], report.get("request")), (["GET / HTTP/1.1: HTTP/1.1 302 Found"], None), "before")
            equal([shown["fingerprint"] for shown in report["tls"]["certificates"]], [await fingerprint(chain)], "certificates")


@test("inspect: a capture that can't be written is one line and status 1")
async def _():
    async with Server() as server:
        result = await martlet("inspect", f"{server.ws}/echo", "--pcap", "/nowhere/at/all.pcap")
        equal((result.output, result.status), ("", 1), "output and status")
        one_line(result.errors, "/nowhere/at/all.pcap", "No such file")


@test("inspect: what compression was offered, agreed and saved")
async def _():
    text = '{"type":"message","text":"' + "never lands " * 20 + '"}'
    async with Server() as server:
        report, status = await inspected(f"{server.ws}/echo", "--send", text, "--send", text)
        equal(status, 0, "status")
        offered = [field["value"] for field in report["request"]["fields"] if field["name"] == "Sec-WebSocket-Extensions"]
        equal(offered, ["permessage-deflate; client_max_window_bits"],
              "offer")
        equal(report["extensions"], ["permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"], "answer")
        agreed = report["compression"]
        equal((agreed["sendWindowBits"], agreed["receiveWindowBits"], agreed["sendContextTakeover"]), (12, 12, True), "agreement")
        # Two messages there and back, the second known from the first.
        equal(agreed["messageByteCount"], 4 * len(text), "bytes of messages")
        sizes = [frame["compressedByteCount"] for frame in report["frames"] if frame["opcode"] == "text"]
        equal(len(sizes), 4, "text frames")
        check(sum(sizes) == agreed["compressedByteCount"] and max(sizes) < len(text) / 3 and min(sizes) < 15, f"sizes {sizes}")
        result = await martlet("inspect", "--send", text, f"{server.ws}/echo")
        contains(result.output, "Compression agreed (permessage-deflate, RFC 7692 §7.1)", "report")
        contains(result.output, "times as many: {", "report")


@test("inspect: a compressed message that ends with a last block is read, and the next one too")
async def _():
    hello, again = bytes.fromhex("f348cdc9c90700"), bytes.fromhex("f200110000")
    frames = b"".join(bytes([0xC1, len(payload)]) + payload for payload in (hello, again)) + bytes.fromhex("880203e8")
    def answer(key):
        head = switching(accept_value(key)).removesuffix("\n") + "Sec-WebSocket-Extensions: permessage-deflate\n\n"
        return head.replace("\n", "\r\n").encode() + frames
    async with answering(answer) as url:
        report, _ = await inspected(url)
    found = [frame["meaning"] for frame in report["frames"] if frame["opcode"] == "text"]
    equal(len(found), 2, "text frames")
    for meaning in found:
        contains(meaning, "stand for 5", "meaning")
        contains(meaning, ": Hello", "meaning")


@test("inspect, connect, serve: compression can be turned off on either side")
async def _():
    async with Server() as server:
        report, status = await inspected("--no-compression", f"{server.ws}/echo", "--send", "x" * 500)
        equal((status, report["extensions"], report.get("compression")), (0, [], None), "without an offer")
    async with Server("--no-compression") as server:
        report, status = await inspected(f"{server.ws}/echo", "--send", "x" * 500)
        equal((status, report["extensions"], report.get("compression")), (0, [], None), "declined")
