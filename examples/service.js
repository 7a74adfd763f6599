'use strict';

/*
 * A service that follows a feed, and ends as systemd and Docker ask it to.
 *
 *   node examples/service.js wss://example.com/feed
 */

const { WebSocketReconnect } = require('../index.js'); // yours: require('websocket-reconnect-native')

/** So long the server has to answer the close frame, in ms: less than `docker stop` gives before it kills (10 s). */
const GRACE_MS = 3000;

const ws = new WebSocketReconnect({ url: process.argv[2], heartbeatMode: 'ping', maxRetries: Infinity });

ws.on('open', ({ isReconnect }) => console.log(isReconnect ? 'connected again' : 'connected'));
ws.on('message', ({ data }) => console.log(data));
ws.on('error', (error) => console.error(error.code, error.message));
ws.on('close', ({ code, reason }) => console.log('closed', code, reason));
ws.on('giveup', () => {
  process.exitCode = 1; // systemd starts it again by this
});

/** Nothing else holds the process, so it ends with the client. A second signal ends it at once. */
function stop() {
  ws.close(1001, 'going away');
  setTimeout(() => ws.terminate(), GRACE_MS).unref();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

ws.connect();
