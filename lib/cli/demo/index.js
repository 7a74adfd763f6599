'use strict';

const { Timeline } = require('./timeline.js');

/** Something hangs once this has passed, in ms. */
const DEADLINE = 18000;

function failWith(timeline, what) {
  timeline.notSeen(what);
  timeline.plain(`\n${timeline.paint('red', 'The demo failed: not everything was seen.')}`);
  process.exit(1);
}

/**
 * Shows what the package does, and checks that it does it: against a server of its own, which it kills and
 * restarts, or against that of `url`, which it leaves alive.
 *
 * It ends by itself in under 20 s; the exit code is 0 only if everything it tells was seen to happen.
 */
async function demo(url) {
  const timeline = new Timeline();
  const overdue = setTimeout(() => failWith(timeline, `the end of the demo within ${DEADLINE} ms`), DEADLINE);
  timeline.plain(
    timeline.paint(
      'bold',
      `websocket-reconnect-native, ${new Date().toLocaleString('sv')}, Node ${process.version}`,
    ),
  );
  try {
    const { run } = url === undefined ? require('./local.js') : require('./remote.js');
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

module.exports = { demo };
