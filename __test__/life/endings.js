'use strict';

/**
 * Worker threads that end at random moments: `endings.js URLS COUNT SEED`. URLS is the JSON of `{plain, secure,
 * flood, silent, dead}`: servers that echo, over TCP and TLS, that pours 10 MB out, that never answers, and none.
 */
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { random } = require('../support/random.js');

/** So many workers live at a time. */
const AT_ONCE = 4;
/** Ends that chance chooses come within so many ms of a worker's start. */
const LONGEST_MS = 150;
/** A worker that has not ended by then never does. */
const DEADLINE_MS = 30000;

/** Where a life ends, if it is not ended before. Each calls `end` once it is there, and goes on. */
const MOMENTS = {
  'before open': (open, end) => open('plain', () => {}) && end(),
  'at open': (open, end) => open('plain', end),
  'in a handler': (open, end) => open('plain', (ws) => chatter(ws, end)),
  'behind a handler': (open, end) =>
    open('plain', (ws) => chatter(ws, () => process.nextTick(() => process.nextTick(end)))),
  'in a microtask': (open, end) => open('plain', (ws) => chatter(ws, () => Promise.resolve().then(end))),
  'while 10 MB arrive': (open, end) => {
    let bytes = 0;
    open('flood', () => {}).on('message', ({ data }) => {
      parentPort.postMessage('data');
      bytes += data.length;
      if (bytes > workerData.share * 10e6) end();
    });
  },
  'while sending': (open, end) =>
    open('plain', (ws) => {
      for (let i = 0; i < 200; i++) {
        if (ws.state === 'OPEN') ws.send(i % 3 ? 'x'.repeat(i * 50) : Buffer.alloc(i * 50));
        if (i === Math.floor(workerData.share * 200)) end();
      }
      setImmediate(() => ws.send('again'));
    }),
  'during TLS': (open, end) => open('secure', () => {}) && setTimeout(end, workerData.share * 10),
  'over TLS': (open, end) => open('secure', (ws) => chatter(ws, end)),
  'while paused': (open, end) =>
    open('flood', (ws) => {
      ws.pause();
      setTimeout(end, workerData.share * 30);
      setTimeout(() => ws.resume(), 20);
    }),
  'while waiting to retry': (open, end) => open('dead', () => {}).on('retry', end),
  'while connecting': (open, end) => open('silent', () => {}).on('stateChange', end),
  'while closing': (open, end) =>
    open('plain', (ws) => {
      ws.on('stateChange', end);
      ws.close();
    }),
};

const ENDS = ['terminate', 'terminate', 'exit', 'throw'];

/** Sends what is echoed, and calls `end` in a handler. */
function chatter(ws, end) {
  const last = Math.floor(workerData.share * 20);
  let count = 0;
  ws.on('message', ({ data }) => {
    if (count === last) end();
    count += 1;
    ws.send(data);
  });
  for (let i = 0; i < 5; i++) ws.send('hello');
}

function inWorker({ urls, moment, how }) {
  const { WebSocketReconnect } = require('../subject.js');
  const options = { baseDelay: 5, heartbeatInterval: 3, heartbeatTimeout: 5000 };
  const open = (name, then) => {
    const ws = new WebSocketReconnect({
      ...options,
      url: urls[name],
      websocketOptions: { rejectUnauthorized: false },
    });
    ws.connect().then(
      () => then(ws),
      () => {},
    );
    return ws;
  };
  const end = () => {
    if (how === 'terminate') parentPort.postMessage('end');
    else if (how === 'exit') process.exit(0);
    else
      process.nextTick(() => {
        throw new Error('the end');
      });
  };
  MOMENTS[moment](open, end);
}

function endOf(plan) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: plan });
    const timers = [setTimeout(() => reject(new Error('it did not end')), DEADLINE_MS)];
    const terminate = () => {
      worker.removeAllListeners('message');
      worker.terminate();
    };
    if (plan.after !== undefined) timers.push(setTimeout(terminate, plan.after));
    worker.on('message', (word) => word === 'end' && terminate());
    worker.on('error', (error) => error.message !== 'the end' && reject(error));
    worker.on('exit', () => {
      timers.forEach(clearTimeout);
      resolve();
    });
  });
}

async function inMain([urls, count, seed]) {
  const chance = random(Number(seed));
  const places = JSON.parse(urls);
  const { WebSocketReconnect } = require('../subject.js');
  const own = new WebSocketReconnect({ url: places.plain });
  await own.connect();
  const under = new Set();
  let made = 0;
  const lane = async () => {
    while (made < Number(count)) {
      made += 1;
      const plan = {
        urls: places,
        moment: chance.of(Object.keys(MOMENTS)),
        how: chance.of(ENDS),
        share: chance.next(),
        after: chance.below(3) === 0 ? chance.below(LONGEST_MS) : undefined,
      };
      const line = `#${made} ${plan.moment}, ${plan.how}${plan.after === undefined ? '' : ` or after ${plan.after} ms`}`;
      under.add(line);
      // Of a crash nothing else is left.
      if (process.env.WSR_TELL) console.error(line);
      try {
        await endOf(plan);
      } catch (error) {
        error.message = `${line}: ${error.message}`;
        throw error;
      }
      under.delete(line);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const echo = new Promise((resolve) => own.on('message', ({ data }) => data === 'still here' && resolve()));
  own.send('still here');
  await echo;
  console.log('done');
  process.exit(0);
}

if (isMainThread) {
  inMain(process.argv.slice(2)).catch((error) => {
    console.log(error.message);
    process.exit(1);
  });
} else inWorker(workerData);
