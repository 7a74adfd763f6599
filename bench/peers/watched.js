'use strict';

/* This package, with a subscriber to each channel and to the traces of attempts. */

const diagnostics = require('diagnostics_channel');
const { openWith } = require('./reconnect.js');

let seen = 0;
const count = () => {
  seen += 1;
};

for (const name of ['connecting', 'open', 'close', 'error', 'retry', 'circuit', 'drop', 'giveup']) {
  diagnostics.channel(`websocket-reconnect:${name}`).subscribe(count);
}
const all = { start: count, end: count, asyncStart: count, asyncEnd: count, error: count };
diagnostics.tracingChannel('websocket-reconnect:connect').subscribe(all);

const open = openWith(require('../../index.js'));

/** Opens, and fails where the channels have told nothing. */
async function openSeen(url, options) {
  const link = await open(url, options);
  if (seen === 0) throw new Error('the channels told nothing');
  return link;
}

module.exports = { open: openSeen };
