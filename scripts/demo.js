#!/usr/bin/env node
'use strict';

/*
 * Shows what the package does, and checks that it does it.
 *
 *   node scripts/demo.js                     against a server of its own, which it kills and restarts
 *   node scripts/demo.js wss://host/path     against yours, which it leaves alive
 *
 * It ends by itself in under 20 s; exit code 0 only if everything it tells was seen to happen.
 */

const { Timeline } = require('./demo/timeline.js');

/** Something hangs once this has passed, in ms. */
const DEADLINE = 18000;

function failWith(timeline, what) {
  timeline.notSeen(what);
  timeline.plain(`\n${timeline.paint('red', 'The demo failed: not everything was seen.')}`);
  process.exit(1);
}

async function main() {
  const url = process.argv[2];
  const timeline = new Timeline();
  const overdue = setTimeout(() => failWith(timeline, `the end of the demo within ${DEADLINE} ms`), DEADLINE);
  timeline.plain(
    timeline.paint(
      'bold',
      `websocket-reconnect-native, ${new Date().toLocaleString('sv')}, Node ${process.version}`,
    ),
  );
  try {
    const { run } = url === undefined ? require('./demo/local.js') : require('./demo/remote.js');
    await run(timeline, url);
  } catch (error) {
    failWith(timeline, error.message);
  }
  clearTimeout(overdue);
  const seconds = ((Date.now() - timeline.startedAt) / 1000).toFixed(1);
  timeline.plain(
    `\n${timeline.paint('green', `All ${timeline.checks} checks were seen to hold, in ${seconds} s.`)}`,
  );
}

main();
