'use strict';

const { WebSocketReconnect } = require('../../../index.js');
const { BLOCKED_MS, blockJavaScript, isHeartbeat, watch } = require('./shared.js');
const { NotSeen, check } = require('./witness.js');

/** How long an answer may take that a server need not give, in ms. */
const ANSWER_MS = 2000;

/** No answer to a heartbeat is no fault of a server that knows none: none is overdue in this demo. */
const OPTIONS = {
  maxRetries: 1,
  baseDelay: 500,
  heartbeatInterval: 250,
  heartbeatTimeout: 60000,
  websocketOptions: { handshakeTimeout: 4000, closeTimeout: 2000 },
};

/** Whether `event` comes in time; that it does not is an answer, too. */
async function comes(event) {
  try {
    await event;
    return true;
  } catch (error) {
    if (error instanceof NotSeen) return false;
    throw error;
  }
}

async function showConnecting({ client, witness, timeline }) {
  timeline.step('1. Connect');
  const began = Date.now();
  try {
    await client.connect();
  } catch (error) {
    throw new NotSeen(`the connection opening: ${error.message}`);
  }
  const opened = await witness.expect('open', 'the connection opening');
  timeline.seen(`connected in ${opened.at - began} ms`);
}

async function showMessage({ client, witness, timeline }) {
  timeline.step('2. Send a message');
  const text = JSON.stringify({ type: 'echo', text: 'hello from websocket-reconnect-native' });
  timeline.tell('client', `message → ${text}`);
  client.send(text);
  const answered = await comes(
    witness.expect('message', 'an answer', ({ data }) => !isHeartbeat(data), ANSWER_MS),
  );
  if (answered) timeline.seen('a message came back');
  else timeline.tell('server', `gave no answer within ${ANSWER_MS} ms; not every server does`, 'yellow');
}

async function showHeartbeat({ client, witness, timeline }) {
  timeline.step(
    `3. Heartbeats every ${OPTIONS.heartbeatInterval} ms, while JavaScript is blocked for ${BLOCKED_MS} ms`,
  );
  timeline.tell('client', 'JavaScript is busy …', 'yellow');
  const { from, to, ticks } = blockJavaScript();
  timeline.tell(
    'client',
    `JavaScript is back after ${to - from} ms; its own 100 ms timer ran ${ticks} times`,
    'yellow',
  );
  // Whatever the engine has told of that time is delivered before a timer set after it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = witness.events.some(({ name, at }) => name === 'close' && at >= from);
  check(client.state === 'OPEN' && !closed, 'the connection surviving the block');
  timeline.seen('the connection survived');
  const answers = witness.activeBetween('message', from, to).length;
  if (answers > 0) timeline.seen(`the engine read ${answers} messages of the server meanwhile`);
  else timeline.tell('server', 'answered no heartbeat; not every server does', 'yellow');
}

async function showClosing({ client, witness, timeline }) {
  timeline.step('4. Close');
  check(client.state === 'OPEN', 'a connection to close');
  witness.skip();
  client.close(1000, 'bye');
  const { detail } = await witness.expect('close', 'the close');
  check(client.state === 'CLOSED', 'the state CLOSED');
  timeline.seen(detail.wasClean ? 'closed, and the server agreed' : "closed, without the server's answer");
}

/** What can be shown on a server that is somebody's: nothing is killed. */
async function run(timeline, url) {
  const client = new WebSocketReconnect({ url, ...OPTIONS });
  const demo = { client, timeline, witness: watch(client, timeline) };
  try {
    await showConnecting(demo);
    await showMessage(demo);
    await showHeartbeat(demo);
    await showClosing(demo);
  } finally {
    client.unref();
  }
}

module.exports = { run };
