'use strict';

/*
 * GraphQL over a WebSocket that reconnects: the protocol graphql-transport-ws, subscriptions that
 * come back with the connection.
 *
 *   node examples/servers/graphql-server.js 4000
 *   node examples/graphql-client.js ws://127.0.0.1:4000/graphql 'subscription { notes { id text } }'
 *   node examples/graphql-client.js ws://127.0.0.1:4000/graphql 'mutation { addNote(text: "hi") { id } }'
 */

const { WebSocketReconnect } = require('../index.js'); // yours: require('websocket-reconnect-native')

/**
 * Close codes with which a server says that trying again would go the same way: bad request,
 * unauthorized, forbidden, no common subprotocol, and the like.
 */
const FATAL = new Set([4400, 4401, 4403, 4404, 4406, 4409, 4429]);

const ignore = () => {};

function failed(message, details) {
  return Object.assign(new Error(message), details);
}

class GraphQLClient {
  /** `connectionParams`: what the server's `onConnect` gets, a value or a function that makes it. */
  constructor({ url, connectionParams, ...options }) {
    this.connectionParams = connectionParams;
    this.lastId = 0;
    /** Operations that have not ended, by id. */
    this.operations = new Map();
    // The default heartbeat, {"type":"ping"}, is a message of this protocol; servers answer it.
    this.ws = new WebSocketReconnect({
      url,
      protocols: 'graphql-transport-ws',
      init: (session) => this._greet(session),
      ...options,
    });
    this.ws.on('open', () => this._resume());
    this.ws.on('message', ({ data }) => this._receive(JSON.parse(data)));
    this.ws.on('close', (ending) => this._lose(ending));
  }

  /** Resolves once the server has acknowledged a connection, be that after retries. */
  connect() {
    return this.ws.connect();
  }

  /**
   * Begins a subscription that survives the connection: after a reconnect it begins again, so results of
   * between are missed. `sink` has `next(result)` and, as wanted, `error(error)` and `complete()`.
   * Returns a function that ends it.
   */
  subscribe(payload, sink) {
    return this._begin({ payload, sink, resumes: true });
  }

  /**
   * Runs a query or mutation; resolves with its result. It rejects when the connection is lost before the
   * answer: whether a mutation has been done is then unknown, so it is not sent twice.
   */
  request(payload) {
    return new Promise((resolve, reject) => {
      let result;
      const next = (value) => {
        result = value;
      };
      this._begin({
        payload,
        sink: { next, error: reject, complete: () => resolve(result) },
        resumes: false,
      });
    });
  }

  close() {
    this.ws.close(1000, 'bye');
  }

  _begin({ payload, sink, resumes }) {
    this.lastId += 1;
    const id = String(this.lastId);
    const { next = ignore, error = ignore, complete = ignore } = sink;
    this.operations.set(id, { payload, resumes, sent: false, sink: { next, error, complete } });
    if (this.ws.state === 'OPEN') this._start(id);
    return () => this._stop(id);
  }

  _start(id) {
    const operation = this.operations.get(id);
    operation.sent = true;
    this._send({ id, type: 'subscribe', payload: operation.payload });
  }

  _stop(id) {
    if (this.operations.delete(id)) this._send({ id, type: 'complete' });
  }

  /** An operation is of one connection: on the next one it begins anew. So nothing is queued or sent again. */
  _send(message) {
    this.ws.send(JSON.stringify(message), { volatile: true });
  }

  /** What each connection begins with: nothing else may be sent before the server has acknowledged. */
  async _greet(session) {
    const { connectionParams } = this;
    const payload = typeof connectionParams === 'function' ? connectionParams() : connectionParams;
    session.send(JSON.stringify({ type: 'connection_init', payload }));
    for (;;) {
      const { type } = JSON.parse(await session.receive());
      if (type === 'connection_ack') return;
      if (type === 'ping') session.send(JSON.stringify({ type: 'pong' }));
    }
  }

  _receive({ id, type, payload }) {
    if (type === 'ping') this._send({ type: 'pong' });
    else if (this.operations.has(id)) this._progress(id, type, payload);
  }

  _progress(id, type, payload) {
    const { sink } = this.operations.get(id);
    if (type === 'next') {
      sink.next(payload);
      return;
    }
    this.operations.delete(id);
    if (type === 'complete') sink.complete();
    else sink.error(failed('the server refused the operation', { errors: payload }));
  }

  /** The server has forgotten everything: all that has not ended begins again. */
  _resume() {
    for (const id of this.operations.keys()) this._start(id);
  }

  _lose(ending) {
    const { code, reason } = ending;
    if (FATAL.has(code)) this.ws.close();
    const over = this.ws.manualClose || code === 'MAX_RETRIES';
    for (const [id, { resumes, sent, sink }] of this.operations) {
      if (!over && (resumes || !sent)) continue;
      this.operations.delete(id);
      sink.error(failed(`connection lost: ${code} ${reason}`, { code }));
    }
  }
}

function main([url, query]) {
  if (!url || !query) {
    console.error('usage: node examples/graphql-client.js <url> <operation>');
    process.exitCode = 1;
    return;
  }
  const client = new GraphQLClient({ url });
  client.ws.on('stateChange', (state) => console.error(`* ${state}`));
  client.ws.on('retry', ({ attempt, delay }) => console.error(`* retry ${attempt} in ${delay} ms`));
  client.subscribe(
    { query },
    {
      next: (result) => console.log(JSON.stringify(result)),
      error: (error) => {
        console.error(error.message, error.errors || '');
        process.exitCode = 1;
        client.close();
      },
      complete: () => client.close(),
    },
  );
  process.once('SIGINT', () => client.close());
  client.connect();
}

if (require.main === module) main(process.argv.slice(2));

module.exports = { GraphQLClient };
