'use strict';

const assert = require('assert');
const { Centrifuge } = require('centrifuge');
const { SOON, after, counted, stand, until } = require('./support.js');

/** Its protocol in JSON, a command a line: who publishes hears it, too. */
function serve(socket) {
  const send = (message) => socket.send(JSON.stringify(message));
  const replies = {
    connect: () => ({ client: 'one', version: '1', ping: 25, pong: true }),
    subscribe: () => ({}),
    publish: () => ({}),
    rpc: ({ data }) => ({ data: { sum: data.a + data.b } }),
  };
  socket.on('message', (data) => {
    for (const line of String(data).split('\n').filter(Boolean)) {
      const { id, ...command } = JSON.parse(line);
      const [name] = Object.keys(command);
      if (!(name in replies)) continue;
      send({ id, [name]: replies[name](command[name]) });
      if (name === 'publish') {
        send({ push: { channel: command.publish.channel, pub: { data: command.publish.data } } });
      }
    }
  });
}

function connect(server) {
  const Kind = counted();
  const client = new Centrifuge(server.url, {
    websocket: Kind,
    minReconnectDelay: SOON,
    maxReconnectDelay: SOON,
  });
  after(() => client.disconnect());
  const told = [];
  const news = client.newSubscription('news');
  news.on('subscribed', () => told.push('subscribed'));
  news.on('publication', ({ data }) => told.push(data));
  news.subscribe();
  client.connect();
  return { Kind, client, news, told };
}

describe('centrifuge', () => {
  it('calls, publishes and hears', async () => {
    const { Kind, client, news, told } = connect(await stand(serve));
    assert.deepStrictEqual((await client.rpc('add', { a: 2, b: 3 })).data, { sum: 5 });
    await news.publish('hello');
    await until(() => told.includes('hello'));
    assert.strictEqual(Kind.count, 1);
  });

  it('is subscribed again after a restart', async () => {
    const server = await stand(serve);
    const { Kind, news, told } = connect(server);
    await until(() => told.includes('subscribed'));
    await server.restart();
    await until(() => told.filter((one) => one === 'subscribed').length === 2);
    await news.publish('again');
    await until(() => told.includes('again'));
    assert.ok(Kind.count >= 2);
  });
});
