'use strict';

const assert = require('assert');
const engine = require('engine.io');
const { Socket, WebSocket: Transport } = require('engine.io-client');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');
const { SOON, after, counted, standWith, until } = require('./support.js');

/** The transport over a class of WebSockets, and that class. */
function transport() {
  const Kind = counted();
  class Ours extends Transport {
    createSocket(uri, protocols) {
      return new Kind(uri, protocols);
    }

    doWrite(_packet, data) {
      this.ws.send(data);
    }
  }
  return { Kind, Ours };
}

describe('engine.io-client', () => {
  /** What engine.io sends back. */
  const echo = () =>
    standWith((http) => {
      engine.attach(http).on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    });

  function client(server) {
    const { Kind, Ours } = transport();
    const socket = new Socket(server.url, { transports: [Ours] });
    const told = [];
    for (const name of ['open', 'message', 'close']) socket.on(name, (data) => told.push(data || name));
    after(() => socket.close());
    return { Kind, socket, told };
  }

  it('sends and receives text and bytes', async () => {
    const { Kind, socket, told } = client(await echo());
    socket.send('text');
    socket.send(Buffer.from([1, 2]));
    await until(() => told.length === 3);
    assert.deepStrictEqual([told[0], told[1], Buffer.from(told[2])], ['open', 'text', Buffer.from([1, 2])]);
    assert.strictEqual(Kind.count, 1);
  });

  it('hears the end of its server, behind which another connects', async () => {
    const server = await echo();
    const before = client(server);
    await until(() => before.told.includes('open'));
    await server.restart();
    await until(() => before.told.includes('transport close'));
    const { socket, told } = client(server);
    socket.send('again');
    await until(() => told.includes('again'));
  });
});

describe('socket.io-client', () => {
  const answering = () =>
    standWith((http) => {
      const server = new Server(http);
      server.on('connection', (socket) => {
        socket.on('add', (a, b, answer) => answer(a + b));
        socket.on('bytes', (bytes) => socket.emit('bytes', bytes));
      });
    });

  function client(server) {
    const { Kind, Ours } = transport();
    const socket = io(server.url, {
      transports: [Ours],
      reconnectionDelay: SOON,
      reconnectionDelayMax: SOON,
      forceNew: true,
    });
    after(() => socket.disconnect());
    return { Kind, socket };
  }

  it('gets answers, and bytes', async () => {
    const { Kind, socket } = client(await answering());
    assert.strictEqual(await socket.emitWithAck('add', 2, 3), 5);
    const bytes = new Promise((resolve) => socket.on('bytes', resolve));
    socket.emit('bytes', Buffer.from([1, 2]));
    assert.deepStrictEqual(Buffer.from(await bytes), Buffer.from([1, 2]));
    assert.strictEqual(Kind.count, 1);
  });

  it('goes on after a restart', async () => {
    const server = await answering();
    const { Kind, socket } = client(server);
    let connects = 0;
    socket.on('connect', () => {
      connects += 1;
    });
    await until(() => connects === 1);
    await server.restart();
    await until(() => connects === 2);
    assert.strictEqual(await socket.emitWithAck('add', 2, 3), 5);
    assert.ok(Kind.count >= 2);
  });
});
