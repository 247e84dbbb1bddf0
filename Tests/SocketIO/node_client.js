"use strict";
// Runs a scenario in Node: node node_client.js BUNDLE SCENARIO OPTIONS. The client is the one for browsers, so it gets what
// browsers have: XMLHttpRequest and WebSocket from Debian's modules, and FileReader for what it polls in binary.
const path = require("node:path");
const [bundle, scenario, options] = process.argv.slice(2);

globalThis.XMLHttpRequest = require("xmlhttprequest").XMLHttpRequest;
globalThis.WebSocket = require("ws");
globalThis.FileReader = class {
  readAsDataURL(blob) {
    blob.arrayBuffer().then((buffer) => {
      this.result = `data:;base64,${Buffer.from(buffer).toString("base64")}`;
      this.onload();
    });
  }
};
globalThis.io = require(path.resolve(bundle));
require("./scenarios.js");

globalThis.runScenario(scenario, JSON.parse(options)).then(
  (result) => { console.log(result); process.exit(0); },
  (error) => { console.log(String(error.stack).split("\n").slice(0, 3).join(" ")); process.exit(1); });
