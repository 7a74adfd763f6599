'use strict';

/*
 * The demo's server: answers heartbeats, echoes everything else, and tells its parent over IPC what it
 * has seen. It is a process of its own so that it can be killed, and so that it still counts while the
 * JavaScript of the demo is blocked.
 *
 * Usage: fork(server.js, [port]); port 0 lets the system choose.
 */

const { Server } = require('../../testing/server.js');

const HEARTBEAT = JSON.stringify({ type: 'ping' });
const PONG = JSON.stringify({ type: 'pong' });

const heartbeats = [];

function answer(data) {
  if (data !== HEARTBEAT) return data;
  heartbeats.push(Date.now());
  return PONG;
}

function meet(connection) {
  connection.answer = answer;
  connection.accept();
}

function tell(message) {
  if (process.connected) process.send(message);
}

const server = new Server([meet], Number(process.argv[2] || 0));
server.start().then(
  () => tell({ listening: server.port }),
  (error) => {
    tell({ failed: error.message });
    process.exitCode = 1;
    process.disconnect();
  },
);

process.on('message', () => tell({ heartbeats }));
// A demo that has died must not leave its server behind.
process.on('disconnect', () => process.exit());
