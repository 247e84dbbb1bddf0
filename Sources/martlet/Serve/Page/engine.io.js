"use strict";
// A client of Engine.IO v4 for the console, in the form of its transports: takes {url, mode}, reports to `on` (open, message,
// close, packet, moved) and returns {send, close, buffered}. `mode` is "polling", "upgrade" or "websocket".
function engineIO({ url, mode }, on) {
  const separator = "\x1e", types = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
  const abort = new AbortController();
  let transport = mode === "websocket" ? "websocket" : "polling";
  let socket, sid, limits, silence, ended = false, closing = false, posting = false, paused = false, waiting = [], polls = 0;

  const address = (scheme, name) => {
    const at = new URL(url.replace(/^ws/, scheme));
    at.searchParams.set("EIO", 4);
    at.searchParams.set("transport", name);
    if (sid) at.searchParams.set("sid", sid);
    return at.href;
  };
  const encode = (data) => typeof data === "string" ? `4${data}` : `b${btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""))}`;
  const base64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;

  function end(reason, { lost = true, status } = {}) {
    if (ended) return;
    ended = true;
    clearTimeout(silence);
    abort.abort();
    socket?.close();
    on.close({ reason, lost, status, transport, polls });
  }
  // The server pings; who hears nothing for longer than it may be silent is alone.
  function heard() {
    clearTimeout(silence);
    silence = setTimeout(() => end("ping timeout"), limits.pingInterval + limits.pingTimeout);
  }
  function receive(packet, name) {
    if (typeof packet !== "string") return on.message(packet, name);
    const type = packet[0] === "b" ? "message" : types[packet[0]];
    if (type !== "message") on.packet("in", packet, type, name);
    switch (type) {
      case "open": {
        limits = JSON.parse(packet.slice(1));
        sid = limits.sid;
        heard();
        on.open({ ...limits, transport });
        if (mode === "upgrade" && limits.upgrades.includes("websocket")) probe();
        break;
      }
      case "message": on.message(packet[0] === "b" ? base64(packet.slice(1)) : packet.slice(1), name); break;
      case "ping":
        heard();
        transmit("3", "pong");
        break;
      case "close": end("the server closed the session", { lost: false }); break;
      case "noop": break;
      default: end(`the server sent ${JSON.stringify(packet.slice(0, 20))}`);
    }
  }
  // Control packets go the way of messages.
  function transmit(packet, type) {
    on.packet("out", packet, type, transport);
    waiting.push(packet);
    flush();
  }

  async function poll() {
    while (!ended && !paused && !closing) {
      let response;
      try {
        response = await fetch(address("http", "polling"), { cache: "no-store", signal: abort.signal });
        const text = await response.text();
        if (!response.ok) return end(`a poll was answered with ${response.status}: ${text.slice(0, 200)}`, { status: response.status });
        polls++;
        for (const packet of text.split(separator)) receive(packet, "polling");
      } catch (error) {
        return end(error.name === "AbortError" ? "closed" : `a poll failed: ${error.message}`);
      }
    }
  }
  async function post() {
    posting = true;
    let body = waiting.shift();
    while (waiting.length && body.length + waiting[0].length < limits.maxPayload / 3) body += separator + waiting.shift();
    try {
      const response = await fetch(address("http", "polling"), { method: "POST", body, cache: "no-store", signal: abort.signal });
      if (!response.ok) end(`a POST was answered with ${response.status}: ${(await response.text()).slice(0, 200)}`, { status: response.status });
    } catch (error) {
      end(`a POST failed: ${error.message}`);
    }
    posting = false;
    if (closing && !waiting.length) end("this page closed the session", { lost: false });
    flush();
  }
  function flush() {
    if (ended || !sid || !waiting.length) return;
    if (transport === "websocket") {
      for (const packet of waiting.splice(0)) socket.send(packet[0] === "b" ? base64(packet.slice(1)) : packet);
    } else if (!posting && !paused) post();
  }

  // The probe: a WebSocket shows that it works, polling comes to rest, and everything goes on over the WebSocket.
  function probe() {
    const candidate = new WebSocket(address("ws", "websocket"));
    candidate.binaryType = "arraybuffer";
    candidate.onopen = () => {
      on.packet("out", "2probe", "probe", "websocket");
      candidate.send("2probe");
    };
    candidate.onmessage = async ({ data }) => {
      if (data !== "3probe" || ended) return candidate.close();
      on.packet("in", data, "probe", "websocket");
      paused = true;
      // The server lets the waiting poll return.
      await polling;
      while (posting) await new Promise((done) => setTimeout(done, 1));
      if (ended) return candidate.close();
      on.packet("out", "5", "upgrade", "websocket");
      candidate.send("5");
      transport = "websocket";
      take(candidate);
      on.moved({ transport, polls });
      flush();
    };
    candidate.onclose = () => { if (!paused && !ended) on.packet("in", "no WebSocket: polling goes on", "probe", "websocket"); };
  }
  function take(open) {
    socket = open;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => receive(data, "websocket");
    socket.onclose = ({ code, reason }) => end(reason || `the WebSocket was closed with ${code}`, { lost: code === 1006 });
  }

  let polling;
  if (transport === "websocket") take(new WebSocket(address("ws", "websocket")));
  else polling = poll();
  return {
    send(data) {
      waiting.push(encode(data));
      flush();
    },
    close() {
      if (!sid) return end("cancelled", { lost: false });
      closing = true;
      transmit("1", "close");
      if (transport === "websocket") end("this page closed the session", { lost: false });
    },
    buffered: () => waiting.reduce((sum, packet) => sum + packet.length, 0) + (socket?.bufferedAmount ?? 0),
  };
}
