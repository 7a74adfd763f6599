'use strict';

/*
 * A server of streams: each path is one, and tells a number ten times a second.
 *
 *   node examples/servers/stream-server.js [port]
 */

const { once } = require('events');
const { createServer } = require('http');
const { WebSocketServer } = require('ws');

/** Starts it. `port: 0` is any free one. */
async function startStreamServer({ port = 0 } = {}) {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket, request) => {
    let value = 0;
    const timer = setInterval(() => {
      value += 1;
      socket.send(JSON.stringify({ stream: request.url.slice(1), value }));
    }, 100);
    socket.on('close', () => clearInterval(timer));
  });
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  const { port: chosen } = /** @type {import('net').AddressInfo} */ (http.address());
  const stop = () => {
    sockets.clients.forEach((socket) => socket.terminate());
    http.close();
  };
  return { url: `ws://127.0.0.1:${chosen}`, port: chosen, stop };
}

if (require.main === module) {
  startStreamServer({ port: Number(process.argv[2] || 8080) }).then(({ url }) =>
    console.log(`Streams at ${url}`),
  );
}

module.exports = { startStreamServer };
