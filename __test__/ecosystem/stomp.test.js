'use strict';

const assert = require('assert');
const { Client } = require('@stomp/stompjs');
const { SOON, after, counted, stand, until } = require('./support.js');

const frame = (command, headers, body = '') =>
  `${command}\n${Object.entries(headers)
    .map(([name, value]) => `${name}:${value}\n`)
    .join('')}\n${body}\0`;

/** The protocol of STOMP for one client, a frame a message: what it sends is told to its own subscription of that destination. */
function serve(socket) {
  const subscriptions = new Map();
  socket.on('message', (data) => {
    const text = String(data);
    const [head, body = ''] = text.replace(/\0$/, '').split('\n\n');
    const [command, ...lines] = head.split('\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(':')));
    const { destination, id, receipt } = headers;
    if (command === 'CONNECT') socket.send(frame('CONNECTED', { version: '1.2', 'heart-beat': '0,0' }));
    if (command === 'SUBSCRIBE') subscriptions.set(destination, id);
    if (command === 'SEND' && subscriptions.has(destination)) {
      const subscription = subscriptions.get(destination);
      socket.send(frame('MESSAGE', { destination, subscription, 'message-id': '1' }, body));
    }
    if (receipt) socket.send(frame('RECEIPT', { 'receipt-id': receipt }));
  });
}

function connect(server) {
  const Kind = counted();
  const told = [];
  const client = new Client({
    webSocketFactory: () => new Kind(server.url, ['v12.stomp']),
    reconnectDelay: SOON,
    onConnect() {
      told.push('connected');
      client.subscribe('/news', ({ body }) => told.push(body));
    },
  });
  client.activate();
  after(() => client.deactivate());
  return { Kind, client, told };
}

const connected = (told, count) => until(() => told.filter((one) => one === 'connected').length >= count);

describe('@stomp/stompjs', () => {
  it('sends and hears', async () => {
    const { Kind, client, told } = connect(await stand(serve));
    await connected(told, 1);
    client.publish({ destination: '/news', body: 'hello' });
    await until(() => told.includes('hello'));
    assert.strictEqual(Kind.count, 1);
  });

  it('is subscribed again after a restart', async () => {
    const server = await stand(serve);
    const { Kind, client, told } = connect(server);
    await connected(told, 1);
    await server.restart();
    await connected(told, 2);
    client.publish({ destination: '/news', body: 'again' });
    await until(() => told.includes('again'));
    assert.ok(Kind.count >= 2);
  });
});
