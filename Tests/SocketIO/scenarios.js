"use strict";
// What the official JavaScript client must see, in Node and in a browser alike. Each scenario gets `io`, the options of the
// client, and `harness(command)`, which does something to the server; it throws if something is not as it must be.
(() => {
const deadline = 20000;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function within(what, promise) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`${what} did not come`)), deadline); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
const once = (emitter, event) => within(event, new Promise((done) => emitter.once(event, (...values) => done(values))));
async function until(what, holds) {
  const end = Date.now() + deadline;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not come true`);
    await sleep(5);
  }
}
function equal(actual, expected, what) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}
const bytes = (value) => Array.from(value instanceof Uint8Array ? value : new Uint8Array(value));
const acknowledged = (socket, ...event) => within(`the acknowledgment of ${event[0]}`,
  new Promise((done) => socket.emit(...event, (...values) => done(values))));

async function connect(io, url, options) {
  const socket = io(url, { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 100, timeout: 5000, ...options });
  try {
    await within("connect", new Promise((done, fail) => {
      socket.once("connect", done);
      // What fails is tried again, so this is only for the message.
      socket.on("connect_error", (error) => { socket.lastError = error; if (!socket.active) fail(error); });
    }));
  } catch (error) {
    socket.close();
    throw new Error(`${error.message}: ${socket.lastError?.message} ${socket.lastError?.description ?? ""}`);
  }
  return socket;
}
// Where the session ends up: with both transports allowed it moves to WebSocket.
async function settled(socket, transports) {
  if (transports.length > 1) await until("the upgrade", () => socket.io.engine.transport.name === "websocket");
  equal(socket.io.engine.transport.name, transports.at(-1), "transport");
}

const scenarios = {
  async basics(io, { url, transports }) {
    const socket = await connect(io, url + "/echo", { transports });
    try {
      socket.emit("message", "before the move", "\u00e9\u{1F600}\u001e\u0000", { nested: [1, null, 2.5] });
      equal(await once(socket, "message-back"), ["before the move", "\u00e9\u{1F600}\u001e\u0000", { nested: [1, null, 2.5] }], "text");
      await settled(socket, transports);
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      socket.emit("message", { a: [all, "x"] }, new Uint8Array(0), all.buffer);
      const [first, empty, last] = await once(socket, "message-back");
      equal([bytes(first.a[0]), first.a[1], bytes(empty), bytes(last)], [bytes(all), "x", [], bytes(all)], "binary");
      equal(await acknowledged(socket, "message", 1, "two", [3]), [1, "two", [3]], "acknowledgment");
      const [binary] = await acknowledged(socket, "message", all);
      equal(bytes(binary), bytes(all), "binary acknowledgment");
      socket.on("question", (question, answer) => answer({ about: question, bytes: all.slice(0, 3) }));
      const [answer] = await acknowledged(socket, "ask-me", "why");
      equal([answer.about, bytes(answer.bytes)], ["why", [0, 1, 2]], "answer to a question of the server");
      const long = "\u20ac".repeat(200000);
      equal((await acknowledged(socket, "message", long))[0].length, long.length, "a long text");
      for (let number = 0; number < 200; number++) socket.emit("message", number);
      const numbers = [];
      socket.on("message-back", (number) => numbers.push(number));
      await until("200 answers", () => numbers.length === 200);
      equal(numbers, Array.from({ length: 200 }, (_, number) => number), "order");
    } finally {
      socket.close();
    }
  },

  async namespaces(io, { url, transports }) {
    const chat = await connect(io, url + "/chat", { transports });
    const others = [];
    try {
      const echo = chat.io.socket("/echo");
      await once(echo, "connect");
      if (echo.id === chat.id) throw new Error("two namespaces, one id");
      equal(await acknowledged(echo, "message", "in another namespace"), ["in another namespace"], "acknowledgment");
      const nowhere = chat.io.socket("/nowhere");
      equal((await once(nowhere, "connect_error"))[0].message, "Invalid namespace", "refusal");
      nowhere.close();
      for (let index = 0; index < 2; index++) others.push(await connect(io, url + "/chat", { transports }));
      const heard = [chat, ...others].map((socket) => {
        const texts = [];
        socket.on("message", (text) => texts.push(text));
        return texts;
      });
      equal(await acknowledged(chat, "join", "r"), [["r"]], "rooms");
      await acknowledged(others[0], "join", "r");
      chat.emit("message", "to the room", "r");
      chat.emit("message", "to all");
      await until("the messages", () => heard.every((texts) => texts.includes("to all")));
      equal(heard, [["to the room", "to all"], ["to the room", "to all"], ["to all"]], "who heard what");
      others[0].emit("leave", "r");
      others[0].emit("message", "again", "r");
      others[0].emit("message", "last");
      await until("the messages", () => heard.every((texts) => texts.includes("last")));
      equal(heard, [["to the room", "to all", "again", "last"], ["to the room", "to all", "last"], ["to all", "last"]], "who heard what");
      echo.close();
      chat.emit("message", "the other namespace goes on");
      await until("the message", () => heard[0].length === 5);
    } finally {
      for (const socket of [chat, ...others]) socket.close();
    }
  },

  async restart(io, { url, transports }, harness) {
    const socket = await connect(io, url + "/echo", { transports });
    try {
      const first = socket.id;
      await settled(socket, transports);
      const lost = once(socket, "disconnect"), back = once(socket, "connect");
      await harness("restart");
      await lost;
      await back;
      if (socket.id === first || socket.recovered) throw new Error("another server, but the socket is said to be the same");
      await settled(socket, transports);
      equal(await acknowledged(socket, "message", "again"), ["again"], "acknowledgment");
    } finally {
      socket.close();
    }
  },

  async recovery(io, { forwarded, transports, token }, harness) {
    const room = `room-${token}`;
    const socket = await connect(io, forwarded + "/chat", { transports });
    try {
      const first = socket.id, heard = [];
      socket.on("message", (number) => heard.push(number));
      let sent = 0;
      const say = async (count, kind = "say", pause = 0) => {
        const from = sent;
        if (kind === "say") sent += count;
        await harness(`${kind}?room=${room}&from=${from}&count=${count}&pause=${pause}`);
      };
      await settled(socket, transports);
      await acknowledged(socket, "join", room);
      for (let round = 0; round < 4; round++) {
        // The first time before any event; the third time right after a volatile one.
        if (round > 0) {
          await say(3);
          await until("the events", () => heard.length === sent);
        }
        if (round === 2) {
          // Between two polls nobody can take it, so it may need a few.
          let came = false;
          socket.once("volatile", () => { came = true; });
          for (let tries = 0; !came && tries < 100; tries++) {
            await say(1, "volatile");
            await sleep(20);
          }
          if (!came) throw new Error("no volatile event came");
        }
        const lost = once(socket, "disconnect"), back = once(socket, "connect");
        await harness("cut");
        await say(5);
        await lost;
        await say(5);
        await harness("mend");
        await back;
        if (!socket.recovered || socket.id !== first) throw new Error(`not recovered in round ${round}`);
        await until("what was missed", () => heard.length >= sent);
        equal(heard, Array.from({ length: sent }, (_, number) => number), `events up to round ${round}`);
      }
      // And while somebody speaks all the time: when the line breaks, when it is mended, when the client catches up.
      for (let round = 0; round < 3; round++) {
        const talking = say(100, "say", 5), lost = once(socket, "disconnect"), back = once(socket, "connect");
        await sleep(100);
        await harness("cut");
        await lost;
        await harness("mend");
        await back;
        if (!socket.recovered || socket.id !== first) throw new Error("not recovered while somebody spoke");
        await talking;
        await until("all that was said", () => heard.length >= sent);
        equal(heard, Array.from({ length: sent }, (_, number) => number), `events of round ${round} while somebody spoke`);
      }
      await settled(socket, transports);
      await say(20);
      await until("the rest", () => heard.length >= sent);
      await sleep(200);
      equal(heard, Array.from({ length: sent }, (_, number) => number), "events");
    } finally {
      socket.close();
    }
  },

  // Ten messages a second, each way, through a proxy.
  async stream(io, { proxied, expected, seconds }) {
    const socket = await connect(io, proxied + "/echo", {});
    try {
      const heard = [], lost = [];
      socket.on("message-back", (number) => heard.push(number));
      socket.on("disconnect", (reason) => lost.push(reason));
      if (expected === "websocket") await until("the upgrade", () => socket.io.engine.transport.name === "websocket");
      const count = seconds * 10, begin = Date.now();
      for (let number = 0; number < count; number++) {
        socket.emit("message", number, "x".repeat(100));
        await sleep(Math.max(0, begin + (number + 1) * 100 - Date.now()));
        equal(socket.io.engine.transport.name, expected, `transport after ${number} messages`);
      }
      await until(`${count} answers`, () => heard.length >= count);
      await sleep(300);
      equal(heard, Array.from({ length: count }, (_, number) => number), "answers");
      equal(lost, [], "disconnections");
    } finally {
      socket.close();
    }
  },
};

globalThis.runScenario = async (name, options) => {
  const harness = async (command) => {
    const response = await fetch(`${options.harness}/${command}`, { method: "POST" });
    if (!response.ok) throw new Error(`${command}: ${response.status} ${await response.text()}`);
  };
  await scenarios[name](globalThis.io, options, harness);
  return "ok";
};
})();
