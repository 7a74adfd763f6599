'use strict';

/**
 * Two clients in a process whose timers are not Node's own: `faked.js URL deleted|faked|mocked`. Says `all there` where they
 * live as ever: `setImmediate` was deleted before the package loads, as under jsdom; all are faked, as by Jest and Vitest,
 * or mocked by node:test, after that.
 */
const [url, how] = process.argv.slice(2);
const { clearTimeout: stop, setTimeout: start } = require('timers');
const { nextTick, stdout } = process;

const NAMES = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
];
const never = () => ({ ref() {}, unref() {} });
const FAKES = {
  deleted() {
    delete global.setImmediate;
    delete global.clearImmediate;
  },
  faked() {
    for (const name of [...NAMES, 'queueMicrotask']) global[name] = never;
    process.nextTick = never;
  },
  mocked() {
    const { mock } = require('node:test');
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate'] });
  },
};

if (how === 'deleted') FAKES.deleted();
const { WebSocketReconnect } = require('../subject.js');
if (how !== 'deleted') FAKES[how]();

const late = start(() => {
  console.log('it stands still');
  process.exit(1);
}, 6000);
const options = { url, baseDelay: 10, jitter: 0, heartbeatInterval: 0, maxEventLoopBlock: 300 };

const until = (ws, event) => new Promise((resolve) => ws.once(event, resolve));
async function echo(ws, text) {
  const echoed = until(ws, 'message');
  ws.send(text);
  return (await echoed).data === text;
}

(async () => {
  const clients = [new WebSocketReconnect(options), new WebSocketReconnect(options)];
  clients.forEach((ws) =>
    ws.on('blocked', () => {
      console.log('blocked');
      process.exit(1);
    }),
  );
  for (const ws of clients) {
    await ws.connect();
    for (let i = 0; i < 5; i++) await echo(ws, `${i}`);
  }
  // Longer than the event loop may be blocked for.
  await new Promise((resolve) => start(resolve, 600));
  for (const ws of clients) {
    ws.pause();
    const echoed = echo(ws, 'kept');
    await ws.ping();
    ws.resume();
    await echoed;
    const closed = until(ws, 'close');
    ws.close();
    await closed;
  }
  stop(late);
  nextTick(() => stdout.write('all there\n', () => process.exit(0)));
})();
