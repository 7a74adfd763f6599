'use strict';

// The classes that reconnect over a class of WebSockets.

const assert = require('assert');
const PartySocket = require('partysocket/ws').default;
const ReconnectingWebSocket = require('reconnecting-websocket');
const { SOON, after, counted, stand, until } = require('./support.js');

const CLASSES = {
  partysocket: PartySocket,
  'reconnecting-websocket': ReconnectingWebSocket,
};

const echo = () => stand((socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));

for (const [name, Class] of Object.entries(CLASSES)) {
  const client = (url) => {
    const Kind = counted();
    const options = { WebSocket: Kind, minReconnectionDelay: SOON, maxReconnectionDelay: SOON };
    const ws = new Class(url, [], options);
    const told = [];
    for (const type of ['open', 'close']) ws.addEventListener(type, () => told.push(type));
    ws.addEventListener('message', ({ data }) => told.push(data));
    after(() => ws.close());
    return { Kind, told, ws };
  };

  describe(name, () => {
    it('sends and receives text and bytes', async () => {
      const server = await echo();
      const { told, ws } = client(server.url);
      ws.binaryType = 'arraybuffer';
      ws.send('kept until it is open');
      ws.send(new Uint8Array([1, 2]));
      await until(() => told.length === 3);
      assert.deepStrictEqual(told, ['open', 'kept until it is open', new Uint8Array([1, 2]).buffer]);
      assert.strictEqual(ws.readyState, 1);
    });

    it('goes on after a restart', async () => {
      const server = await echo();
      const { Kind, told, ws } = client(server.url);
      await until(() => told.includes('open'));
      await server.stop();
      await until(() => told.includes('close'));
      ws.send('in between');
      await server.start();
      await until(() => told.includes('in between'));
      assert.ok(told.filter((type) => type === 'open').length >= 2);
      assert.ok(Kind.count >= 2);
      ws.close(3000, 'enough');
      await until(() => ws.readyState === 3);
    });
  });
}
