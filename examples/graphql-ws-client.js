'use strict';

/*
 * `graphql-ws` over the WebSocket class of this package: the library speaks the protocol and connects again, the engine
 * carries it.
 *
 *   node examples/servers/graphql-server.js 4000
 *   node examples/graphql-ws-client.js ws://127.0.0.1:4000/graphql
 */

const { createClient } = require('graphql-ws');
const { WebSocket } = require('../websocket.js'); // yours: require('websocket-reconnect-native/websocket')

/**
 * Follows the notes of the server, whatever becomes of their connection: `told` is called with the texts of all of them, at once and
 * again after each change. Returns what ends it.
 *
 * @param {{ url: string, headers?: Record<string, string>, delay?: number, told: (texts: string[]) => void }} options
 */
function followNotes({ url, headers = {}, delay = 1000, told }) {
  // graphql-ws hands over URL and subprotocol: what else a connection needs is said by a class of one's own.
  class WithHeaders extends WebSocket {
    constructor(to, protocols) {
      super(to, protocols, { headers });
    }
  }
  const client = createClient({
    url,
    webSocketImpl: WithHeaders,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, delay)),
  });
  const next = ({ data }) => told(data.notes.map(({ text }) => text));
  const error = (cause) => console.error('given up:', cause);
  client.subscribe({ query: 'subscription { notes { text } }' }, { next, error, complete() {} });
  return () => client.dispose();
}

function main([url]) {
  if (!url) {
    console.error('usage: node examples/graphql-ws-client.js <url>');
    process.exitCode = 1;
    return;
  }
  const end = followNotes({ url, told: (texts) => console.log(texts.join(', ') || 'no notes yet') });
  process.once('SIGINT', end);
}

if (require.main === module) main(process.argv.slice(2));

module.exports = { followNotes };
