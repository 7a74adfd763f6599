'use strict';

// Servers of Node that take WebSockets by HTTP/2 (RFC 8441). Behind each stream is the server's class of `ws`.

const http2 = require('http2');
const path = require('path');
const { certificates } = require('../peer/certificates.js');
const { heard } = require('./waiting.js');
const { after, real } = require('./ws-servers.js');

const PerMessageDeflate = require(
  path.join(path.dirname(require.resolve('../../node_modules/ws')), 'lib/permessage-deflate.js'),
);

/** Answers an extended CONNECT; gives the server's end of the WebSocket. */
function accept(stream, headers = {}, extensions = {}) {
  stream.respond({ ':status': 200, ...headers });
  const socket = new real.WebSocket(null, undefined, {});
  socket._extensions = extensions;
  socket.on('error', () => {});
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0, skipUTF8Validation: false });
  return socket;
}

/** The answer that agrees to compression, for `accept`. */
function compressing() {
  const deflate = new PerMessageDeflate({ threshold: 0 }, true);
  deflate.accept([{}]);
  return [{ 'sec-websocket-extensions': 'permessage-deflate' }, { 'permessage-deflate': deflate }];
}

/** Sends back what comes. */
function echo(socket) {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  return socket;
}

/**
 * A server whose extended CONNECTs `take` is called with: the stream, its headers, and the number of its session. With `allowHTTP1`
 * it echoes by HTTP/1.1 too. It gives `url`, and what has come: `sessions`, `connections` of TCP, and `upgrades` by HTTP/1.1.
 */
async function serveHttp2(take, { enableConnectProtocol = true, settings, ...options } = {}) {
  const made = certificates();
  const server = http2.createSecureServer({
    ...made.leaf,
    ...options,
    settings: { ...settings, ...(enableConnectProtocol && { enableConnectProtocol }) },
  });
  const come = { sessions: [], connections: 0, upgrades: 0 };
  const open = new Set();
  server.on('connection', (socket) => {
    come.connections += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  server.on('session', (session) => {
    come.sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    take(stream, headers, come.sessions.indexOf(stream.session));
  });
  if (options.allowHTTP1) {
    const upgrading = new real.WebSocketServer({ server });
    upgrading.on('connection', (socket) => {
      come.upgrades += 1;
      echo(socket);
    });
  }
  server.listen(0, '127.0.0.1');
  await heard(server, 'listening');
  after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return Object.assign(come, { server, ca: made.ca, url: `wss://127.0.0.1:${server.address().port}/` });
}

module.exports = { accept, compressing, echo, serveHttp2 };
