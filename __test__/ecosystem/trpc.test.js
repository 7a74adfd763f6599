'use strict';

const assert = require('assert');
const { createTRPCClient, createWSClient, wsLink } = require('@trpc/client');
const { initTRPC } = require('@trpc/server');
const { applyWSSHandler } = require('@trpc/server/adapters/ws');
const { WebSocketServer } = require('ws');
const { SOON, after, counted, standWith, until } = require('./support.js');

const t = initTRPC.create();
const router = t.router({
  add: t.procedure.input((given) => given).query(({ input: [a, b] }) => a + b),
  count: t.procedure.subscription(async function* count({ signal }) {
    for (let i = 0; !signal.aborted; i += 1) {
      yield i;
      await new Promise((resolve) => setTimeout(resolve, SOON));
    }
  }),
});

const serve = () =>
  standWith((http) => {
    applyWSSHandler({ wss: new WebSocketServer({ server: http }), router });
  });

function connect(server) {
  const Kind = counted();
  const socket = createWSClient({ url: server.url, WebSocket: Kind, retryDelayMs: () => SOON });
  after(() => socket.close());
  return { Kind, client: createTRPCClient({ links: [wsLink({ client: socket })] }) };
}

describe('@trpc/client', () => {
  it('queries and subscribes', async () => {
    const { Kind, client } = connect(await serve());
    assert.strictEqual(await client.add.query([2, 3]), 5);
    const told = [];
    const subscription = client.count.subscribe(undefined, { onData: (value) => told.push(value) });
    await until(() => told.length >= 3);
    subscription.unsubscribe();
    assert.deepStrictEqual([told.slice(0, 3), Kind.count], [[0, 1, 2], 1]);
  });

  it('queries after a restart, and is subscribed again', async () => {
    const server = await serve();
    const { Kind, client } = connect(server);
    const told = [];
    const subscription = client.count.subscribe(undefined, { onData: (value) => told.push(value) });
    await until(() => told.length >= 3);
    await server.restart();
    await until(() => told.filter((value) => value === 0).length === 2);
    assert.strictEqual(await client.add.query([2, 3]), 5);
    subscription.unsubscribe();
    assert.ok(Kind.count >= 2);
  });
});
