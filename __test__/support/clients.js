'use strict';

const { WebSocketReconnect } = require('../subject.js');
const { record } = require('./recorder.js');
const { turn } = require('./waiting.js');

/** Quick retries without chance, and no heartbeat unless a test asks for it. */
const QUICK = { baseDelay: 50, maxDelay: 200, jitter: 0, heartbeatInterval: 0 };

/** For who writes upon an event of an attempt: that comes before the next attempt, however busy the machine is. */
const UNHURRIED = { connectGate: turn };

const made = new Set();

/** A client with quick retries and the record of its events; `closeClients` ends it. */
function client(options) {
  const ws = new WebSocketReconnect({ ...QUICK, ...options });
  made.add(ws);
  return { ws, log: record(ws) };
}

/** The same, connected and open. Its log begins after the `open`. */
async function openClient(options) {
  const { ws, log } = client(options);
  await ws.connect();
  log.take();
  return { ws, log };
}

/** A client with these options beside a URL, not connected. */
const make = (options) => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', ...options });

/** Ends all clients that a test made. */
function closeClients() {
  for (const ws of made) {
    ws.removeAllListeners();
    ws.close();
    ws.unref();
  }
  made.clear();
}

module.exports = { WebSocketReconnect, client, openClient, closeClients, make, QUICK, UNHURRIED };
