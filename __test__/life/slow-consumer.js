'use strict';

// Takes 1 ms for each message: `slow-consumer.js URL [MS]`. At the end of that time, or of the connection, it prints
// how many it has handled, and how far its memory has grown from idle to its peak.

const { readFileSync } = require('fs');
const { WebSocketReconnect } = require('../subject.js');
const { block } = require('../support/runtime.js');

const MIB = 1024 * 1024;
const [url, ms] = process.argv.slice(2);

/** The peak of this process's memory, from the system where it tells, in bytes. */
function peak() {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return Number(kibibytes) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

const ws = new WebSocketReconnect({ url, maxRetries: 0 });
let handled = 0;
let bytes = 0;
let idle = 0;

function report() {
  const grownMiB = Math.round((peak() - idle) / MIB);
  process.stdout.write(
    `${JSON.stringify({ handled, bytes, idleMiB: Math.round(idle / MIB), grownMiB })}\n`,
    () => process.exit(),
  );
}

ws.on('message', ({ data }) => {
  handled += 1;
  bytes += data.length;
  block(1);
});
ws.once('close', report);
ws.connect().then(() => {
  if (global.gc) global.gc();
  idle = process.memoryUsage().rss;
  if (ms) setTimeout(report, Number(ms));
});
