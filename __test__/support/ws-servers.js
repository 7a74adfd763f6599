'use strict';

const path = require('path');
const { heard } = require('./waiting.js');

/** The real `ws`, by its path: Bun has a module of its own by that name. */
const real = require(path.join(__dirname, '..', '..', 'node_modules', 'ws', 'index.js'));

const ends = [];

/** Has `end` called after the test. */
const after = (end) => ends.push(end);

function endAll() {
  for (const end of ends.splice(0).reverse()) end();
}

/** A server in this process whose connections `run` is called with; gives where it is. */
async function serve(run, options = {}) {
  const server = new real.WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  await heard(server, 'listening');
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    run(socket, request);
  });
  after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${server.address().port}/`;
}

/** One that sends back what it gets. */
const echo = (options) =>
  serve((socket) => socket.on('message', (data, binary) => socket.send(data, { binary })), options);

module.exports = { after, echo, endAll, real, serve };
