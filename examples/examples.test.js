'use strict';

const assert = require('assert');
const { once } = require('events');
const test = require('node:test');
const { ChatClient } = require('./chat-client.js');
const { Orders, sendOrders } = require('./at-least-once.js');
const { GraphQLClient } = require('./graphql-client.js');
const { followNotes } = require('./graphql-ws-client.js');
const { startClients } = require('./shared-circuit.js');
const { startChatServer } = require('./servers/chat-server.js');
const { startGraphQLServer } = require('./servers/graphql-server.js');

/** Longest wait for anything here, in ms. */
const PATIENCE = 10000;

/** Retries come soon, so that the tests do. */
const SOON = { baseDelay: 20, maxDelay: 100, jitter: 0 };

/** The next event `name`, or a failure. */
async function next(emitter, name) {
  const [detail] = await once(emitter, name, { signal: AbortSignal.timeout(PATIENCE) });
  return detail;
}

/** What was put in, one after the other, waited for where need be. */
class Inbox {
  constructor() {
    this.items = [];
    this.arrived = () => {};
  }

  put(item) {
    this.items.push(item);
    this.arrived();
  }

  async take() {
    if (this.items.length === 0) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nothing came within ${PATIENCE} ms`)), PATIENCE);
        this.arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.items.shift();
  }
}

async function joinChat(t, { url }, user, room) {
  const chat = new ChatClient({ url, user, room, ...SOON });
  t.after(() => chat.leave());
  const joined = next(chat, 'joined');
  await chat.connect();
  await joined;
  return chat;
}

function graphql(t, server, options) {
  const client = new GraphQLClient({ url: server.url, ...SOON, ...options });
  t.after(() => client.close());
  return client;
}

test('the chat client hears what others in its room say', async (t) => {
  const server = await startChatServer();
  t.after(() => server.stop());
  const ann = await joinChat(t, server, 'ann', 'lobby');
  const came = next(ann, 'userJoined');
  const bob = await joinChat(t, server, 'bob', 'lobby');
  assert.strictEqual((await came).user, 'bob');

  const heard = next(ann, 'message');
  bob.say('hello');
  const { user, room, text } = await heard;
  assert.deepStrictEqual({ user, room, text }, { user: 'bob', room: 'lobby', text: 'hello' });
});

test('the chat client hears nothing of other rooms', async (t) => {
  const server = await startChatServer();
  t.after(() => server.stop());
  const ann = await joinChat(t, server, 'ann', 'lobby');
  const bob = await joinChat(t, server, 'bob', 'garden');
  const heard = new Inbox();
  ann.on('message', ({ text }) => heard.put(text));

  bob.say('in the garden');
  await next(bob, 'message');
  const left = next(bob, 'joined');
  bob.enter('lobby');
  await left;
  bob.say('in the lobby');
  assert.strictEqual(await heard.take(), 'in the lobby');
});

test('the chat client is back in its room after the server was cut, and says what waited', async (t) => {
  const first = await startChatServer();
  const ann = await joinChat(t, first, 'ann', 'garden');
  const retries = new Inbox();
  ann.on('retry', ({ attempt }) => retries.put(attempt));
  const lost = next(ann, 'lost');
  await first.stop();
  assert.strictEqual((await lost).code, 1006);
  ann.say('is anybody there?');
  assert.strictEqual(await retries.take(), 1);
  assert.strictEqual(await retries.take(), 2);

  const joined = next(ann, 'joined');
  const heard = next(ann, 'message');
  const second = await startChatServer({ port: first.port });
  t.after(() => second.stop());
  assert.strictEqual((await joined).room, 'garden');
  const { room, text } = await heard;
  assert.deepStrictEqual({ room, text }, { room: 'garden', text: 'is anybody there?' });
});

test('the chat client leaves for good', async (t) => {
  const server = await startChatServer();
  t.after(() => server.stop());
  const ann = await joinChat(t, server, 'ann', 'lobby');
  const bob = await joinChat(t, server, 'bob', 'lobby');
  const left = next(ann, 'userLeft');
  const end = next(bob, 'end');
  bob.leave();
  assert.strictEqual((await left).user, 'bob');
  assert.strictEqual((await end).code, 1000);
});

test('the GraphQL client gets the answers of queries and mutations', async (t) => {
  const server = await startGraphQLServer();
  t.after(() => server.stop());
  const client = graphql(t, server);
  await client.connect();
  const added = await client.request({
    query: 'mutation ($text: String!) { addNote(text: $text) { id } }',
    variables: { text: 'milk' },
  });
  assert.deepStrictEqual(added, { data: { addNote: { id: 1 } } });
  const all = await client.request({ query: '{ notes { text } }' });
  assert.deepStrictEqual(all, { data: { notes: [{ text: 'milk' }] } });
});

test('the GraphQL client gets a subscription to its end', async (t) => {
  const server = await startGraphQLServer();
  t.after(() => server.stop());
  const client = graphql(t, server);
  client.connect();
  const values = [];
  await new Promise((complete, error) => {
    client.subscribe(
      { query: 'subscription { countdown(from: 2) }' },
      { next: ({ data }) => values.push(data.countdown), error, complete },
    );
  });
  assert.deepStrictEqual(values, [2, 1, 0]);
});

test('the GraphQL client subscribes again after the server was cut', async (t) => {
  const notes = [];
  const first = await startGraphQLServer({ notes });
  const client = graphql(t, first);
  const results = new Inbox();
  client.subscribe(
    { query: 'subscription { notes { text } }' },
    {
      next: ({ data }) => results.put(data.notes.map(({ text }) => text)),
      error: (error) => results.put(error),
    },
  );
  await client.connect();
  assert.deepStrictEqual(await results.take(), []);
  await client.request({ query: 'mutation { addNote(text: "milk") { id } }' });
  assert.deepStrictEqual(await results.take(), ['milk']);

  const retried = next(client.ws, 'retry');
  await first.stop();
  await retried;
  notes.push({ id: 2, text: 'bread' });
  const second = await startGraphQLServer({ port: first.port, notes });
  t.after(() => second.stop());
  assert.deepStrictEqual(await results.take(), ['milk', 'bread']);
  await client.request({ query: 'mutation { addNote(text: "tea") { id } }' });
  assert.deepStrictEqual(await results.take(), ['milk', 'bread', 'tea']);
});

test('the GraphQL client hears no more of a subscription that it has ended', async (t) => {
  const server = await startGraphQLServer();
  t.after(() => server.stop());
  const client = graphql(t, server);
  await client.connect();
  const results = new Inbox();
  const end = client.subscribe(
    { query: 'subscription { notes { text } }' },
    { next: (result) => results.put(result) },
  );
  await results.take();
  end();
  await client.request({ query: 'mutation { addNote(text: "milk") { id } }' });
  await client.request({ query: '{ notes { text } }' });
  assert.deepStrictEqual(results.items, []);
});

test('the GraphQL client does not send a mutation twice', async (t) => {
  const server = await startGraphQLServer();
  const client = graphql(t, server, { maxRetries: 0 });
  await client.connect();
  await client.request({ query: '{ notes { text } }' });
  const answer = client.request({ query: 'mutation { addNote(text: "milk") { id } }' });
  const refused = assert.rejects(answer, /connection lost: 1006/);
  await server.stop();
  await refused;
});

test('the GraphQL client greets once on each of many connections, also with at-least-once', async (t) => {
  let server = await startGraphQLServer();
  const client = graphql(t, server, { delivery: 'at-least-once', maxRetries: Infinity });
  const codes = [];
  client.ws.on('close', ({ code }) => codes.push(code));
  const told = new Inbox();
  client.subscribe({ query: 'subscription { notes { text } }' }, { next: () => told.put('notes') });
  client.connect();
  for (let cut = 0; cut < 20; cut += 1) {
    await told.take();
    await server.stop();
    server = await startGraphQLServer({ port: server.port });
  }
  await told.take();
  t.after(() => server.stop());
  // A second connection_init is answered with 4429, and what comes before the first with 4401.
  assert.deepStrictEqual(
    codes.filter((code) => code !== 1006),
    [],
  );
});

test('the GraphQL client reports what the server refuses', async (t) => {
  const server = await startGraphQLServer();
  t.after(() => server.stop());
  const client = graphql(t, server);
  await client.connect();
  await assert.rejects(client.request({ query: '{ nothing }' }), ({ errors }) =>
    /nothing/.test(errors[0].message),
  );
});

test('the GraphQL client does not try again where it is forbidden', async (t) => {
  const server = await startGraphQLServer({ token: 'secret' });
  t.after(() => server.stop());
  const stranger = graphql(t, server, { connectionParams: { token: 'guess' } });
  stranger.connect();
  await assert.rejects(stranger.request({ query: '{ notes { text } }' }), { code: 4403 });
  assert.strictEqual(stranger.ws.manualClose, true);

  const friend = graphql(t, server, { connectionParams: () => ({ token: 'secret' }) });
  friend.connect();
  assert.deepStrictEqual(await friend.request({ query: '{ notes { text } }' }), { data: { notes: [] } });
});

test('graphql-ws over the WebSocket class follows the notes through a restart of the server', async (t) => {
  const notes = [{ id: 1, text: 'milk' }];
  const first = await startGraphQLServer({ notes });
  const told = new Inbox();
  const end = followNotes({ url: first.url, delay: 20, told: (texts) => told.put(texts) });
  t.after(end);
  assert.deepStrictEqual(await told.take(), ['milk']);
  await first.stop();
  notes.push({ id: 2, text: 'bread' });
  const second = await startGraphQLServer({ port: first.port, notes });
  t.after(() => second.stop());
  assert.deepStrictEqual(await told.take(), ['milk', 'bread']);
});

test('clients with a shared circuit wait together, and come back by one probe', async (t) => {
  const before = await startChatServer();
  const { port, url } = before;
  await before.stop();
  const inbox = new Inbox();
  const circuitBreaker = { failureThreshold: 3, resetTimeout: 200, halfOpenMaxRequests: 1 };
  const tell = (index, event, detail) => event !== 'error' && inbox.put({ index, event, detail });
  const clients = startClients({ url, count: 5, tell, ...SOON, maxRetries: Infinity, circuitBreaker });
  t.after(() => clients.forEach((ws) => ws.close()));
  const told = async (event, detail = undefined) => {
    for (;;) {
      const next = await inbox.take();
      if (next.event === event && (detail === undefined || next.detail === detail)) return next;
    }
  };
  await told('circuitChange', 'OPEN');
  await told('circuitChange', 'HALF-OPEN');
  const again = await startChatServer({ port });
  t.after(() => again.stop());
  const open = new Set();
  while (open.size < clients.length) open.add((await told('open')).index);
  assert.ok(clients.every((ws) => ws.circuitState === 'CLOSED'));
});

test('orders arrive once and in order, although their connection is cut again and again', async (t) => {
  const orders = new Orders(30);
  await orders.listening;
  t.after(() => orders.stop());
  const items = Array.from({ length: 200 }, (_, i) => `order ${i}`);
  await sendOrders(orders.url, items);
  assert.deepStrictEqual(orders.taken, items);
});
