'use strict';

const { Witness } = require('./witness.js');

const EVENTS = ['open', 'message', 'close', 'error', 'retry', 'stateChange', 'circuitChange'];
const BLOCKED_MS = 2000;

/** The answer to a heartbeat; a server that echoes everything sends the heartbeat itself back. */
function isHeartbeat(text) {
  return text === '{"type":"pong"}' || text === '{"type":"ping"}';
}

/** How an event reads in the timeline; undefined for one that the others already say. */
const WORDING = {
  open: () => ['open', 'green'],
  message: ({ data }) => (isHeartbeat(data) ? undefined : [`message ← ${shortened(data)}`, 'cyan']),
  close: ({ code, reason }) => [`close ${code}${reason ? ` '${reason}'` : ''}`, 'yellow'],
  error: (error) => [`error ${error.message}`, 'red'],
  retry: ({ attempt, delay, maxRetries }) => [`retry ${attempt} of ${maxRetries} in ${delay} ms`, 'yellow'],
  stateChange: (state) => [`state ${state}`, 'dim'],
  circuitChange: (state) => [`circuit ${state}`, 'blue'],
};

function shortened(data) {
  if (typeof data !== 'string') return `${data.length} bytes`;
  return data.length > 60 ? `${data.slice(0, 60)}…` : data;
}

/** Shows the events of `client` in the timeline, and writes them down for the checks. */
function watch(client, timeline) {
  for (const name of EVENTS) {
    client.on(name, (detail) => {
      const wording = WORDING[name](detail);
      if (wording) timeline.tell('client', timeline.paint(wording[1], wording[0]));
    });
  }
  return new Witness(client, EVENTS);
}

/** Keeps the JavaScript thread busy; returns when that was, and how often a 100 ms timer ran meanwhile. */
function blockJavaScript() {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 100);
  const from = Date.now();
  while (Date.now() - from < BLOCKED_MS);
  clearInterval(timer);
  return { from, to: Date.now(), ticks };
}

module.exports = { BLOCKED_MS, blockJavaScript, isHeartbeat, watch };
