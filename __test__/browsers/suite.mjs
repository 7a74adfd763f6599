// The contract in a browser, against real servers. Each test tells nothing, or throws.

import { WebSocketReconnect } from '/browser/index.mjs';
import instantiate from '/lib/browser/policy.mjs';
import { play } from './traces.mjs';

const post = async (path, body) => {
  const response = await fetch(path, { method: 'POST', body: JSON.stringify(body || {}) });
  const result = await response.json();
  if (!response.ok) throw new Error(result);
  return result;
};

async function startServer(options = {}) {
  const { url } = await post('/peer/start', options);
  const call = (method, ...args) => post('/peer/call', { url, method, args });
  return { url, call };
}

const same = (found, expected) => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`found ${a}, expected ${b}`);
};
const ok = (value, message) => {
  if (!value) throw new Error(message);
};

const lineOf = (event, argument) => {
  if (event === 'close') return `close ${argument.code} '${argument.reason}'`;
  if (event === 'error') return `error ${argument.code || argument.message}`;
  if (event === 'retry') return `retry ${argument.attempt} in ${argument.delay} of ${argument.maxRetries}`;
  if (event === 'message')
    return `message ${typeof argument.data === 'string' ? argument.data : `<${argument.data.byteLength}>`}`;
  return event === 'open' ? 'open' : `${event} ${argument}`;
};

const clients = [];

/** A client and the lines of its events. */
function client(options) {
  const ws = new WebSocketReconnect({ baseDelay: 50, maxDelay: 200, jitter: 0, ...options });
  clients.push(ws);
  const lines = [];
  const waiting = new Set();
  for (const event of [
    'open',
    'message',
    'close',
    'error',
    'retry',
    'stateChange',
    'circuitChange',
    'network',
    'wake',
  ]) {
    ws.on(event, (argument) => {
      lines.push(lineOf(event, argument));
      for (const look of [...waiting]) look();
    });
  }
  /** Waits until the lines have so many that start so. */
  const until = (start, count = 1) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${count} × '${start}' in ${lines.join(' · ')}`)),
        15000,
      );
      const look = () => {
        if (lines.filter((line) => line.startsWith(start)).length < count) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { ws, lines, until };
}

/** Has the page say that it is hidden, or shown. */
function show(state) {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}

/** What a browser does to a page: the event by which that begins, the one by which it ends, and both made by the page itself. */
const LIFE = {
  hidden: {
    target: document,
    events: ['visibilitychange', 'visibilitychange'],
    make: [() => show('hidden'), () => show('visible')],
  },
  offline: {
    target: window,
    events: ['offline', 'online'],
    make: [() => dispatchEvent(new Event('offline')), () => dispatchEvent(new Event('online'))],
  },
  frozen: {
    target: document,
    events: ['freeze', 'resume'],
    make: [
      () => document.dispatchEvent(new Event('freeze')),
      () => document.dispatchEvent(new Event('resume')),
    ],
  },
};

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

const once = (target, event) =>
  new Promise((resolve) => target.addEventListener(event, () => resolve(performance.now()), { once: true }));

/**
 * Has the browser do it to the page for so many ms, by its driver. A driver that cannot has the page make the events: those of Firefox and
 * WebKit cannot freeze, and that of WebKit neither hides nor cuts off a page. `meanwhile` runs once it has begun. The time of its end.
 */
async function during(does, time, meanwhile = () => {}) {
  const { target, events, make } = LIFE[does];
  const begun = once(target, events[0]);
  const isDone = await post('/browser', { does, time });
  if (!isDone) make[0]();
  await begun;
  const ended = once(target, events[1]);
  const met = meanwhile();
  if (!isDone) {
    await sleep(time);
    make[1]();
  }
  const at = await ended;
  await met;
  return at;
}

const tests = {
  async 'opens, echoes and closes by the user'() {
    const server = await startServer({ echo: true });
    const { ws, lines, until } = client({ url: server.url });
    const opened = ws.connect();
    same(lines, ['stateChange CONNECTING']);
    await opened;
    ws.send('hello');
    ws.send(new Uint8Array([1, 2, 3]));
    await until('message', 2);
    ws.close(1000, 'bye');
    await until('close');
    same(lines, [
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
      'message hello',
      'message <3>',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1000 'bye'",
    ]);
    same(await server.call('ended'), { code: 1000, reason: 'bye' });
  },

  async 'runs init before open, and before what is queued'() {
    const server = await startServer({ echo: true });
    const init = async (session) => {
      session.send('login');
      same(await session.receive({ timeout: 10000 }), 'login');
    };
    const { ws, lines, until } = client({ url: server.url, init });
    ws.connect();
    ws.send('waits');
    await until('message');
    same(lines, ['stateChange CONNECTING', 'stateChange OPEN', 'open', 'message waits']);
  },

  async 'retries where nobody listens, then gives up'() {
    const port = await post('/peer/dead');
    const { ws, lines, until } = client({ url: `ws://127.0.0.1:${port}/`, maxRetries: 2 });
    ws.connect();
    await until('close MAX_RETRIES');
    const attempt = [
      'stateChange CONNECTING',
      'error WSR_ERR_CONNECTION',
      'stateChange CLOSED',
      "close 1006 ''",
    ];
    same(lines, [
      ...attempt,
      'retry 1 in 50 of 2',
      ...attempt,
      'retry 2 in 100 of 2',
      ...attempt,
      'stateChange FAILED',
      "close MAX_RETRIES 'Maximum retry attempts (2) exceeded'",
    ]);
  },

  async 'waits as long as the backoff says'() {
    const port = await post('/peer/dead');
    const { ws, until } = client({
      url: `ws://127.0.0.1:${port}/`,
      baseDelay: 200,
      maxRetries: 2,
      maxDelay: 400,
    });
    const started = performance.now();
    ws.connect();
    await until('close MAX_RETRIES');
    ok(performance.now() - started >= 590, 'it came too early');
  },

  async 'a server that cuts or closes is connected again'() {
    const server = await startServer({ echo: true });
    const { ws, lines, until } = client({ url: server.url });
    await ws.connect();
    await server.call('cut');
    await until('open', 2);
    await server.call('close', 4000, 'restart');
    await until('open', 3);
    ok(lines.includes("close 4000 'restart'") && lines.includes("close 1006 ''"), lines.join(' · '));
    ok(!lines.some((line) => line.startsWith('error')), lines.join(' · '));
    same(ws.retryCount, 0);
  },

  async 'failures open the circuit, and a probe closes it'() {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const circuitBreaker = { failureThreshold: 2, resetTimeout: 100 };
    const { ws, lines, until } = client({ url: server.url, circuitBreaker });
    ws.connect();
    await until('open');
    same(
      lines.filter((line) => !/^(?:error|close)/.test(line)),
      [
        'stateChange CONNECTING',
        'stateChange CLOSED',
        'retry 1 in 50 of 10',
        'stateChange CONNECTING',
        'circuitChange OPEN',
        'stateChange CLOSED',
        'stateChange BLOCKED',
        'circuitChange HALF-OPEN',
        'retry 2 in 0 of 10',
        'stateChange CONNECTING',
        'stateChange OPEN',
        'circuitChange CLOSED',
        'open',
      ],
    );
  },

  async 'a silent peer is found dead by the heartbeat, one that answers is not'() {
    const dead = await startServer({ plan: ['bare'] });
    const silent = client({ url: dead.url, heartbeatInterval: 100, heartbeatTimeout: 100, maxRetries: 0 });
    silent.ws.connect();
    await silent.until('error WSR_ERR_HEARTBEAT');
    const alive = await startServer({ echo: true });
    const living = client({ url: alive.url, heartbeatInterval: 50, heartbeatTimeout: 500 });
    living.ws.connect();
    await living.until('message', 4);
    ok(!living.lines.some((line) => line.startsWith('error')), living.lines.join(' · '));
  },

  async 'what is queued goes out at the next open, in order'() {
    const server = await startServer({ echo: true });
    const { ws, lines, until } = client({ url: server.url, queue: true });
    await ws.connect();
    await server.call('cut');
    await until('close');
    for (const text of ['a', 'b', 'c']) ws.send(text);
    same(ws.getStats().queuedMessages, 3);
    await until('message', 3);
    same(
      lines.filter((line) => line.startsWith('message')),
      ['message a', 'message b', 'message c'],
    );
  },

  async 'a Blob keeps its place among what is sent'() {
    const server = await startServer({ echo: true });
    const { ws, lines, until } = client({ url: server.url });
    await ws.connect();
    ws.send(new Blob(['blob']));
    ws.send('behind');
    await until('message', 2);
    same(
      lines.filter((line) => line.startsWith('message')),
      ['message <4>', 'message behind'],
    );
  },

  async 'a close while connecting ends in CLOSED, and nothing follows'() {
    const server = await startServer({ plan: ['silent'] });
    const { ws, lines, until } = client({ url: server.url });
    ws.connect().catch(() => {});
    ws.close();
    await until('close');
    same(lines, ['stateChange CONNECTING', 'stateChange CLOSING', 'stateChange CLOSED', "close 1006 ''"]);
  },

  async 'a handshake that hangs is ended'() {
    const server = await startServer({ plan: ['silent'] });
    const { ws, until } = client({ url: server.url, connectionTimeout: 100, maxRetries: 0 });
    ws.connect().catch(() => {});
    await until('error WSR_ERR_HANDSHAKE_TIMEOUT');
    await until('close MAX_RETRIES');
  },

  async 'online ends a wait, and tells of the network'() {
    const port = await post('/peer/dead');
    const { ws, lines, until } = client({
      url: `ws://127.0.0.1:${port}/`,
      baseDelay: 60000,
      maxDelay: 60000,
    });
    ws.connect().catch(() => {});
    await until('retry');
    await during('offline', 300);
    await until('stateChange CONNECTING', 2);
    ok(lines.includes('network undefined'), lines.join(' · '));
  },

  async 'offline asks an open peer, which may be gone'() {
    const server = await startServer({ plan: ['bare'] });
    const { ws, until } = client({ url: server.url, heartbeatInterval: 60000, maxRetries: 0 });
    await ws.connect();
    await during('offline', 300);
    await until('error WSR_ERR_PROBE_TIMEOUT');
  },

  async "a hidden page makes no attempts with whenHidden 'wait', and one at once when it is shown"() {
    const server = await startServer({ echo: true });
    const { ws, lines, until } = client({ url: server.url, whenHidden: 'wait' });
    await ws.connect();
    await during('hidden', 1500, async () => {
      await server.call('cut');
      await until('retry');
      // Longer than the wait that was announced.
      await sleep(300);
      same(document.visibilityState, 'hidden');
      ok(lines[lines.length - 1].startsWith('retry'), lines.join(' · '));
    });
    await until('open', 2);
  },

  async 'a page that is shown asks its peer by a heartbeat at once'() {
    const server = await startServer({ echo: true });
    const { ws, until } = client({ url: server.url, heartbeatInterval: 60000 });
    await ws.connect();
    await during('hidden', 300);
    await until('message {"type":"ping"}');
  },

  async 'a page that was frozen has a connection when it goes on'() {
    const server = await startServer({ echo: true });
    const { ws, until } = client({ url: server.url, heartbeatInterval: 100, heartbeatTimeout: 500 });
    await ws.connect();
    await during('frozen', 800);
    // Chromium has cut it, and tells that soon.
    await sleep(300);
    if (ws.state !== 'OPEN') await until('open', 2);
    ws.send('on');
    await until('message on');
  },

  // By the events alone: Chromium cuts the connections of a page that it freezes, and the others' drivers cannot.
  async 'what was awaited when a page was frozen has its whole time again'() {
    const server = await startServer({ plan: ['bare'] });
    const { ws, until } = client({
      url: server.url,
      heartbeatInterval: 50,
      heartbeatTimeout: 1000,
      maxRetries: 0,
    });
    await ws.connect();
    // The answer to the first beat is due 1050 ms after the open.
    await sleep(500);
    for (const make of LIFE.frozen.make) make();
    const resumed = performance.now();
    await until('error WSR_ERR_HEARTBEAT');
    ok(performance.now() - resumed >= 980, 'it was found dead too early');
  },

  async 'a timer that is late asks first, and finds nobody dead'() {
    const server = await startServer({ plan: ['bare'] });
    const { ws, lines, until } = client({
      url: server.url,
      heartbeatInterval: 50,
      heartbeatTimeout: 500,
      maxRetries: 0,
    });
    await ws.connect();
    await sleep(200);
    const blocked = performance.now();
    while (performance.now() - blocked < 3000);
    const ran = performance.now();
    same(
      lines.filter((line) => line.startsWith('error')),
      [],
    );
    await until('error');
    ok(performance.now() - ran >= 480, 'it was found dead too early');
  },

  async "timers: 'worker' falls back in silence where a Worker is forbidden"() {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, until } = client({ url: server.url, timers: 'worker' });
    ws.connect();
    await until('open');
  },

  async 'empty headers ask for nothing'() {
    const { ws } = client({ url: 'ws://x', headers: {} });
    ws.headers = {};
  },

  async 'what a browser cannot do throws, with the reason'() {
    const options = [
      { headers: { a: 'b' } },
      { heartbeatMode: 'ping' },
      { delivery: 'at-least-once' },
      { websocketOptions: { ca: 'x' } },
    ];
    for (const one of options) {
      let code;
      try {
        client({ url: 'ws://x', ...one });
      } catch (error) {
        code = error.code;
      }
      same(code, 'WSR_ERR_UNSUPPORTED_OPTION');
    }
  },

  async 'clients of one circuit wait for it together'() {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 300, scope: 'together' };
    const [one, two] = [1, 2].map(() => client({ url: server.url, circuitBreaker }));
    one.ws.connect();
    await one.until('circuitChange OPEN');
    await two.until('circuitChange OPEN');
    two.ws.connect();
    await one.until('open');
    await two.until('open');
  },

  async 'the policy decides here as everywhere'() {
    const numbers = Array.from({ length: 24 }, (_, i) => i + 1);
    for (const number of numbers) {
      const text = await (await fetch(`/__test__/traces/${number}.txt`)).text();
      same(play(text, instantiate()), []);
    }
  },
};

/** Leaves the page, which is shown again: whether it was kept. */
async function leave() {
  // One that is still loading is not kept.
  while (document.readyState !== 'complete') await sleep(10);
  await sleep(100);
  const shown = new Promise((resolve) =>
    addEventListener('pageshow', ({ persisted }) => resolve(persisted), { once: true }),
  );
  location.href = 'away.html';
  return shown;
}

/** The connection is closed before, and there again behind. */
async function leaveConnected() {
  const server = await startServer({ echo: true });
  const { ws, until, lines } = client({ url: server.url });
  await ws.connect();
  await leave();
  await until('open', 2);
  ok(lines.includes("close 1000 'The page was left'"), lines.join(' · '));
}

/** A page that has no connection is kept by each browser. */
async function leaveWaiting() {
  const server = await startServer({ plan: ['refuse', 'accept'] });
  const { ws, until } = client({ url: server.url, baseDelay: 60000, maxDelay: 60000 });
  ws.connect();
  await until('retry');
  same(await leave(), true);
  await until('open');
}

const results = JSON.parse(sessionStorage.getItem('results') || '[]');
const only = new URLSearchParams(location.search).get('only');
const run = async (name, test) => {
  try {
    await test();
    results.push({ name });
  } catch (error) {
    results.push({ name, error: String((error && error.stack) || error) });
  }
  for (const ws of clients.splice(0)) ws.terminate();
};

/** A page that the browser has not kept is loaded anew when it is shown again, and goes on from here. */
const left = sessionStorage.getItem('left');
const isLeaving = (how) => {
  sessionStorage.setItem('left', how);
  sessionStorage.setItem('results', JSON.stringify(results));
};

if (left !== 'connected') {
  const waiting = 'a page that is left while its client waits is connected when it is shown';
  isLeaving('waiting');
  if (left === 'waiting') results.push({ name: waiting, error: 'the page was not kept' });
  else await run(waiting, leaveWaiting);
  for (const [name, test] of Object.entries(tests)) if (!only || name.includes(only)) await run(name, test);
  isLeaving('connected');
  await run('a page that is left closes, and connects again when it is shown', leaveConnected);
}
// Firefox keeps no page with an open connection, and asks for that before it tells the page that it is left: that is told, and no test.
await post('/result', { results, kept: left !== 'connected', agent: navigator.userAgent });
