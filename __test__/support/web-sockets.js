'use strict';

const { WebSocket } = require('../../websocket.js');
const { until } = require('./waiting.js');

const TYPES = ['open', 'message', 'error', 'close'];

const made = [];

/** A WebSocket with what it was told, by type, and `told(type)`, which waits for the first event of one. */
function open(url, second, third, Kind = WebSocket) {
  const ws = new Kind(url, second, third);
  made.push(ws);
  const log = [];
  const waiting = [];
  for (const type of TYPES) {
    ws.addEventListener(type, (event) => {
      log.push({ type, event, readyState: ws.readyState });
      for (const one of waiting.filter((other) => other.type === type)) one.resolve(event);
    });
  }
  const told = (type) =>
    new Promise((resolve) => {
      const known = log.find((one) => one.type === type);
      if (known) resolve(known.event);
      else waiting.push({ type, resolve });
    });
  /** Waits for so many messages, and gives their data. */
  const messages = (count) =>
    until(() => {
      const all = log.filter(({ type }) => type === 'message').map(({ event }) => event.data);
      return all.length >= count && all;
    });
  return { ws, log, told, messages, types: () => log.map(({ type }) => type) };
}

/** The same, once it is open. */
async function opened(...given) {
  const made = open(...given);
  await made.told('open');
  return made;
}

/** Ends all that a test made. */
function endAll() {
  for (const ws of made.splice(0)) ws.terminate();
}

module.exports = { WebSocket, endAll, open, opened };
