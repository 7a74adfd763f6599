'use strict';

/*
 * Many clients of one server that learn together that it is down, and together that it is back.
 *
 *   node examples/shared-circuit.js ws://127.0.0.1:8080
 *
 * Nobody has to listen there: see how few attempts are made. Start a server, such as
 * `node examples/servers/chat-server.js 8080`: one client finds it, and the others follow.
 */

const { WebSocketReconnect } = require('../index.js'); // yours: require('websocket-reconnect-native')

/** Clients of `url` with one circuit. `tell(index, event, detail)` hears what each of them does. */
function startClients({ url, count, tell, ...options }) {
  return Array.from({ length: count }, (_, index) => {
    const { circuitBreaker, ...rest } = options;
    const ws = new WebSocketReconnect({ url, ...rest, circuitBreaker: { ...circuitBreaker, scope: 'host' } });
    for (const event of ['open', 'error', 'retry', 'circuitChange']) {
      ws.on(event, (detail) => tell(index, event, detail));
    }
    ws.connect();
    return ws;
  });
}

if (require.main === module) {
  const [url = 'ws://127.0.0.1:8080'] = process.argv.slice(2);
  const tell = (index, event, detail) => {
    if (event === 'error') console.log(`${index}: ${detail.message}`);
    else if (event === 'retry') console.log(`${index}: tries again in ${detail.delay} ms`);
    else if (event === 'open') console.log(`${index}: is connected`);
    else if (index === 0) console.log(`the circuit is ${detail}`);
  };
  const circuitBreaker = { failureThreshold: 5, resetTimeout: 5000, halfOpenMaxRequests: 1 };
  startClients({ url, count: 10, tell, maxRetries: Infinity, circuitBreaker });
}

module.exports = { startClients };
