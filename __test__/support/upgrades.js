'use strict';

const { startServer } = require('../peer/index.js');
const { WebSocketReconnect, openClient } = require('./clients.js');

/** A client with these options of `ws`, not connected. */
const make = (websocketOptions, url = 'ws://127.0.0.1:1/') =>
  new WebSocketReconnect({ url, websocketOptions });

/** Opens with these options and gives the upgrade request that the server saw. */
async function handshake(websocketOptions, toUrl = (server) => server.url) {
  const server = await startServer();
  await openClient({ url: toUrl(server), websocketOptions, maxRetries: 0 });
  return { ...(await server.handshakes())[0], port: server.port };
}

module.exports = { handshake, make };
