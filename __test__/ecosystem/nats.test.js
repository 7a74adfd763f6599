'use strict';

const assert = require('assert');
const { wsconnect } = require('@nats-io/nats-core');
const { SOON, after, counted, stand, until } = require('./support.js');

/** The protocol of NATS for one client: what it publishes is told to its own subscriptions of that subject. */
function serve(socket) {
  const send = (text) => socket.send(Buffer.from(text, 'latin1'));
  const subscriptions = new Map();
  let rest = '';
  send(
    `INFO ${JSON.stringify({ server_id: 'one', version: '2.10.0', max_payload: 2 ** 20, headers: false })}\r\n`,
  );

  /** Takes a command off the front of what has come; false where it is not whole. */
  function take() {
    const end = rest.indexOf('\r\n');
    if (end < 0) return false;
    const [verb, ...words] = rest.slice(0, end).split(' ');
    let next = end + 2;
    if (verb === 'PING') send('PONG\r\n');
    if (verb === 'SUB') subscriptions.set(words[0], words[words.length - 1]);
    if (verb === 'PUB') {
      const size = Number(words[words.length - 1]);
      if (rest.length < next + size + 2) return false;
      const sid = subscriptions.get(words[0]);
      if (sid !== undefined) send(`MSG ${words[0]} ${sid} ${size}\r\n${rest.slice(next, next + size)}\r\n`);
      next += size + 2;
    }
    rest = rest.slice(next);
    return true;
  }

  socket.on('message', (data) => {
    rest += data.toString('latin1');
    while (take());
  });
}

async function connect(server) {
  const Kind = counted();
  const connection = await wsconnect({
    servers: server.url,
    wsFactory: (url) => ({ socket: new Kind(url), encrypted: false }),
    reconnectTimeWait: SOON,
    maxReconnectAttempts: -1,
  });
  after(() => connection.close());
  const heard = [];
  connection.subscribe('news', { callback: (_, message) => heard.push(message.string()) });
  await connection.flush();
  return { Kind, connection, heard };
}

describe('@nats-io/nats-core', () => {
  it('publishes and hears, small and large', async () => {
    const { Kind, connection, heard } = await connect(await stand(serve));
    connection.publish('news', 'hello');
    connection.publish('news', 'x'.repeat(200000));
    await until(() => heard.length === 2);
    assert.deepStrictEqual(heard, ['hello', 'x'.repeat(200000)]);
    assert.strictEqual(Kind.count, 1);
  });

  it('is subscribed again after a restart', async () => {
    const server = await stand(serve);
    const { Kind, connection, heard } = await connect(server);
    await server.restart();
    await until(() => {
      connection.publish('news', 'again');
      return heard.includes('again');
    });
    assert.ok(Kind.count >= 2);
  });
});
