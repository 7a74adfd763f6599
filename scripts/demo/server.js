'use strict';

/*
 * The demo's server: answers heartbeats, echoes everything else, and tells its parent over IPC what it
 * has seen. It is a process of its own so that it can be killed, and so that it still counts while the
 * JavaScript of the demo is blocked.
 *
 * Usage: fork(server.js, [port]); port 0 lets the system choose.
 */

const { WebSocketServer } = require('ws');

const HEARTBEAT = JSON.stringify({ type: 'ping' });
const PONG = JSON.stringify({ type: 'pong' });

const heartbeats = [];

function answer(socket, data, isBinary) {
  if (!isBinary && data.toString() === HEARTBEAT) {
    heartbeats.push(Date.now());
    socket.send(PONG);
    return;
  }
  socket.send(data, { binary: isBinary });
}

function tell(message) {
  if (process.connected) process.send(message);
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] || 0) });
server.on('listening', () => tell({ listening: server.address().port }));
server.on('error', (error) => {
  tell({ failed: error.message });
  process.exitCode = 1;
  process.disconnect();
});
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => answer(socket, data, isBinary));
  socket.on('error', () => socket.terminate());
});

process.on('message', () => tell({ heartbeats }));
// A demo that has died must not leave its server behind.
process.on('disconnect', () => process.exit());
