'use strict';

/*
 * The demo's server: answers heartbeats, echoes everything else, and tells its parent over IPC what it
 * has seen. It is a process of its own so that it can be killed, and so that it still counts while the
 * JavaScript of the demo is blocked.
 *
 * Usage: fork(server.js, [port]); port 0 lets the system choose.
 */

const { createServer } = require('http');
const { OPCODES, accept, frame, frames } = require('./frames.js');

const HEARTBEAT = JSON.stringify({ type: 'ping' });
const PONG = Buffer.from(JSON.stringify({ type: 'pong' }));

const heartbeats = [];

function echo(socket, opcode, payload) {
  if (opcode === OPCODES.text && payload.toString() === HEARTBEAT) {
    heartbeats.push(Date.now());
    socket.write(frame(opcode, PONG));
    return;
  }
  socket.write(frame(opcode, payload));
}

function serve(socket) {
  let message = { opcode: 0, parts: [] };
  const take = frames((opcode, payload, isLast) => {
    if (opcode === OPCODES.ping) {
      socket.write(frame(OPCODES.pong, payload));
    } else if (opcode === OPCODES.close) {
      socket.end(frame(OPCODES.close, payload));
    } else if (opcode <= OPCODES.binary) {
      if (opcode !== OPCODES.continuation) message = { opcode, parts: [] };
      message.parts.push(payload);
      if (isLast) echo(socket, message.opcode, Buffer.concat(message.parts));
    }
  });
  socket.on('data', take);
  return take;
}

function tell(message) {
  if (process.connected) process.send(message);
}

const server = createServer((_, response) => response.writeHead(426).end());
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy());
  socket.write(accept(request));
  serve(socket)(head);
});
server.on('error', (error) => {
  tell({ failed: error.message });
  process.exitCode = 1;
  process.disconnect();
});
server.listen(Number(process.argv[2] || 0), '127.0.0.1', () =>
  tell({ listening: /** @type {any} */ (server.address()).port }),
);

process.on('message', () => tell({ heartbeats }));
// A demo that has died must not leave its server behind.
process.on('disconnect', () => process.exit());
