'use strict';

/*
 * One measurement in a process of its own, under whatever runtime the peer needs: measure.js PEER TASK, where
 * TASK is JSON. It prints the result as JSON. `peer/src/client.rs` does the same step for step.
 */

const [peer, json] = process.argv.slice(2);
const { open, hold } = require(`./peers/${peer}.js`);
const { restingMemory } = require('./resting.js');
const task = JSON.parse(json);

/** Connections under way at the same time while many are opened. */
const AT_ONCE = 50;

/** Connections that are opened before the time it takes counts. */
const LEAST = 5;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A moment of a measurement. */
const mark = (messages) => ({ at: performance.now(), cpu: process.cpuUsage(), messages });

/** Messages a second, and the processor time in µs that each cost, all threads. */
function between(from, to) {
  const messages = to.messages - from.messages;
  const cpu = to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system;
  return { rate: (messages / (to.at - from.at)) * 1000, cpu: cpu / messages };
}

const percentile = (sorted, share) => sorted[Math.floor(sorted.length * share)];

/** Opens many, some at a time; `one` opens one. */
async function openMany(count, one) {
  const links = [];
  while (links.length < count) {
    const some = Math.min(AT_ONCE, count - links.length);
    links.push(...(await Promise.all(Array.from({ length: some }, one))));
  }
  return links;
}

/** The texts that the server sends to this URL, or expects there, over and over. */
async function samples(url) {
  let told;
  const message = new Promise((resolve) => {
    told = resolve;
  });
  const link = await open(url.replace(/\/\w+\?/, '/samples?'), { onMessage: told });
  const texts = JSON.parse(await message);
  await link.close();
  return texts;
}

/** How long the first `count` texts of an endless cycle are together. */
function lengthOf(texts, count) {
  const sum = (some) => some.reduce((length, text) => length + text.length, 0);
  return Math.floor(count / texts.length) * sum(texts) + sum(texts.slice(0, count % texts.length));
}

/** What the server sends, counted by a handler that reads each message. */
async function receive({ url, connections = 1, warmUp, duration }) {
  const texts = await samples(url);
  let messages = 0;
  let length = 0;
  const count = (data) => {
    messages += 1;
    length += data.length;
  };
  const countBytes = (data) => {
    messages += 1;
    length += data.byteLength;
  };
  const onMessage = url.includes('kind=binary') ? countBytes : count;
  const links = await openMany(connections, () => open(url, { onMessage }));
  for (const link of links) link.send('go');
  await pause(warmUp);
  const from = mark(messages);
  await pause(duration);
  const to = mark(messages);
  const should = lengthOf(texts, messages);
  if (length !== should) throw new Error(`${messages} messages are ${length} long instead of ${should}`);
  return between(from, to);
}

/**
 * `perTick` sends in each turn of the event loop, as long as less than `window` messages are not confirmed. What
 * counts is what the server says that it has read.
 */
async function send({ url, perTick, window, warmUp, duration }) {
  const texts = await samples(url);
  let ended;
  const result = new Promise((resolve, reject) => {
    ended = { resolve, reject };
  });
  let sent = 0;
  let confirmed = 0;
  let waiting = false;
  let from;
  const tick = () => {
    for (let i = 0; i < perTick; i += 1) {
      link.send(texts[sent % texts.length]);
      sent += 1;
    }
    waiting = sent - confirmed >= window;
    if (!waiting) setImmediate(tick);
  };
  const onMessage = (data) => {
    const [messages, length] = data.split(' ').map(Number);
    confirmed = messages;
    const should = lengthOf(texts, messages);
    if (length !== should) ended.reject(new Error(`${length} bytes came instead of ${should}`));
    const now = mark(confirmed);
    if (!from && now.at - began >= warmUp) from = now;
    else if (from && now.at - from.at >= duration) ended.resolve(between(from, now));
    if (waiting) setImmediate(tick);
    waiting = false;
  };
  const onClose = (reason) => ended.reject(new Error(reason || 'the server hung up'));
  const link = await open(url, { onMessage, onClose });
  const began = performance.now();
  tick();
  return result;
}

/** One message there and back at a time. */
async function echo({ url, warmUp, duration }) {
  const texts = await samples(url);
  let ended;
  const result = new Promise((resolve, reject) => {
    ended = { resolve, reject };
  });
  const took = [];
  let at = 0;
  let from;
  let sentAt;
  const next = () => {
    sentAt = performance.now();
    link.send(texts[at]);
  };
  const onMessage = (data) => {
    const now = performance.now();
    if (data !== texts[at]) ended.reject(new Error('another text came back'));
    at = (at + 1) % texts.length;
    if (from) took.push((now - sentAt) * 1000);
    else if (now - began >= warmUp) from = mark(0);
    if (!from || now - from.at < duration) {
      next();
      return;
    }
    const usage = between(from, mark(took.length));
    took.sort((a, b) => a - b);
    ended.resolve({ ...usage, p50: percentile(took, 0.5), p99: percentile(took, 0.99) });
  };
  const link = await open(url, { onMessage, onClose: () => ended.reject(new Error('the server hung up')) });
  const began = performance.now();
  next();
  return result;
}

/** The same, at rest between, beside `floods` other connections whose handler takes `handler` ms for each message. */
async function beside({ url, flood, floods, handler, warmUp, duration }) {
  const slow = () => {
    const end = performance.now() + handler;
    while (performance.now() < end);
  };
  let came;
  const link = await open(url, { onMessage: () => came() });
  const flooded = await openMany(floods, () => open(new URL(flood, url).href, { onMessage: slow }));
  for (const one of flooded) one.send('go');
  await pause(warmUp);
  const took = [];
  const began = performance.now();
  while (took.length === 0 || performance.now() - began < duration) {
    const sentAt = performance.now();
    await new Promise((resolve) => {
      came = resolve;
      link.send('x');
    });
    took.push((performance.now() - sentAt) * 1000);
    await pause(1);
  }
  took.sort((a, b) => a - b);
  return { p50: percentile(took, 0.5) };
}

/**
 * By how much each of many idle connections makes the resident memory grow, beyond what the first ones bring along. Where a peer
 * can, all share their handlers: what a user's own closures weigh is none of the client's.
 */
async function idle({ url, connections }) {
  const one = () => (hold ? hold(url) : open(url, {}));
  const held = await openMany(AT_ONCE, one);
  const before = await restingMemory();
  held.push(...(await openMany(connections, one)));
  const bytes = (await restingMemory()) - before;
  if (held.length !== AT_ONCE + connections) throw new Error(`${held.length} connections are open`);
  return { bytes: bytes / connections };
}

/** How long it takes until a connection is open, one after the other. */
async function opening({ url, warmUp, duration }) {
  const took = [];
  const began = performance.now();
  for (let opened = 0; took.length === 0 || performance.now() - began < warmUp + duration; opened += 1) {
    const started = performance.now();
    const link = await open(url, {});
    const now = performance.now();
    if (opened >= LEAST && now - began >= warmUp) took.push((now - started) * 1000);
    await link.close();
  }
  took.sort((a, b) => a - b);
  return { p50: percentile(took, 0.5) };
}

/** Connections that are opened and closed, `connections` under way at a time. */
async function connect({ url, connections, warmUp, duration }) {
  let done = 0;
  const again = async () => {
    for (;;) {
      const link = await open(url, {});
      await link.close();
      done += 1;
    }
  };
  const failed = Promise.race(Array.from({ length: connections }, again));
  await Promise.race([failed, pause(warmUp)]);
  const from = mark(done);
  await Promise.race([failed, pause(duration)]);
  if (done === from.messages) throw new Error('no connection was opened and closed in that time');
  return between(from, mark(done));
}

/** The share in % of the due heartbeats that the server gets while JavaScript is blocked for `duration` ms. */
async function blocked({ url, duration }) {
  const interval = 100;
  await open(url, { options: { heartbeatInterval: interval, heartbeatTimeout: 1000 } });
  const from = Date.now();
  // Half an interval more, so that the last one due does not fall on the end.
  const to = from + duration + interval / 2;
  while (Date.now() < to);
  const heartbeats = await new Promise((resolve, reject) => {
    open(url.replace('/idle', '/report'), { onMessage: resolve }).catch(reject);
  });
  const kept = JSON.parse(heartbeats).filter((at) => at > from && at <= to).length;
  return { kept: (100 * kept) / Math.floor(duration / interval) };
}

/** What one client weighs. */
const weigh = () => require('./weigh.js').weigh(peer, task);

const MEASURES = { weigh, receive, send, echo, beside, idle, open: opening, connect, blocked };

MEASURES[task.measure](task).then(
  (result) => process.stdout.write(JSON.stringify(result), () => process.exit()),
  (error) => {
    process.stderr.write(`${error.stack || error}\n`, () => process.exit(1));
  },
);
