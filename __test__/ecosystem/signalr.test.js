'use strict';

const assert = require('assert');
const signalR = require('@microsoft/signalr');
const { SOON, after, counted, stand, until } = require('./support.js');

/** Ends each message of the hub protocol in JSON. */
const END = '\u001e';

/** A hub by that protocol: answers the handshake, pings, and calls of `add`; a call of `shout` is told to the caller. */
function serveHub(socket) {
  const send = (message) => socket.send(JSON.stringify(message) + END);
  socket.on('message', (data) => {
    for (const text of String(data).split(END).slice(0, -1)) {
      const { protocol, type, target, invocationId, arguments: given } = JSON.parse(text);
      if (protocol) send({});
      else if (type === 6) send({ type });
      else if (type === 1 && target === 'add') send({ type: 3, invocationId, result: given[0] + given[1] });
      else if (type === 1) send({ type: 1, target: 'heard', arguments: [given[0].toUpperCase()] });
    }
  });
}

async function connect(server) {
  const Kind = counted();
  const connection = new signalR.HubConnectionBuilder()
    .withUrl(server.url.replace('ws:', 'http:'), {
      WebSocket: Kind,
      transport: signalR.HttpTransportType.WebSockets,
      skipNegotiation: true,
      headers: { 'X-Mine': 'yes' },
    })
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => SOON })
    .configureLogging(signalR.LogLevel.None)
    .build();
  after(() => connection.stop());
  await connection.start();
  return { Kind, connection };
}

describe('@microsoft/signalr', () => {
  it('sends its headers, calls the hub and is called', async () => {
    const asked = [];
    const server = await stand((socket, { headers }) => {
      asked.push(headers);
      serveHub(socket);
    });
    const { Kind, connection } = await connect(server);
    const heard = new Promise((resolve) => connection.on('heard', resolve));
    assert.strictEqual(await connection.invoke('add', 2, 3), 5);
    await connection.send('shout', 'ä');
    assert.strictEqual(await heard, 'Ä');
    assert.deepStrictEqual([Kind.count, asked[0]['x-mine']], [1, 'yes']);
  });

  it('goes on after a restart', async () => {
    const server = await stand(serveHub);
    const { Kind, connection } = await connect(server);
    const again = new Promise((resolve) => connection.onreconnected(resolve));
    await server.restart();
    await again;
    await until(() => connection.state === signalR.HubConnectionState.Connected);
    assert.strictEqual(await connection.invoke('add', 2, 3), 5);
    assert.ok(Kind.count >= 2);
  });
});
