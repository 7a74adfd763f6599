'use strict';

const assert = require('assert');
const { Socket } = require('phoenix');
const { RealtimeClient } = require('@supabase/realtime-js');
const { SOON, after, counted, stand, until } = require('./support.js');

/** A push as its five parts: text is JSON, bytes are a broadcast of Supabase, whose strings lie behind their lengths. */
function read(data, isBinary) {
  if (!isBinary) return JSON.parse(String(data));
  let at = 7;
  const [join, ref, topic, event] = [1, 2, 3, 4].map((i) => {
    const text = data.toString('utf8', at, at + data[i]);
    at += data[i];
    return text;
  });
  return [join, ref, topic, 'broadcast', { event, text: data.toString('utf8', at) }];
}

/** A broadcast as Supabase tells it, in bytes. */
function broadcast(topic, { event, text }) {
  return Buffer.concat([
    Buffer.from([4, topic.length, event.length, 0, 1]),
    Buffer.from(`${topic}${event}${text}`),
  ]);
}

/** Channels by the protocol of Phoenix: every push is answered with what it holds, and a broadcast is told to its sender. */
function serveChannels(socket) {
  socket.on('message', (data, isBinary) => {
    const [join, ref, topic, event, payload] = read(data, isBinary);
    const response = event === 'phx_join' ? { postgres_changes: [] } : payload;
    socket.send(JSON.stringify([join, ref, topic, 'phx_reply', { status: 'ok', response }]));
    if (event === 'broadcast') socket.send(broadcast(topic, payload));
  });
}

describe('phoenix', () => {
  function connect(server) {
    const Kind = counted();
    const socket = new Socket(`${server.url}/socket`, {
      transport: Kind,
      reconnectAfterMs: () => SOON,
      rejoinAfterMs: () => SOON,
    });
    socket.connect();
    after(() => socket.disconnect());
    const channel = socket.channel('room:lobby', {});
    let joins = 0;
    channel.join().receive('ok', () => {
      joins += 1;
    });
    const ask = (payload) =>
      new Promise((resolve, reject) => {
        channel.push('ask', payload).receive('ok', resolve).receive('timeout', reject);
      });
    return { Kind, ask, joined: (count) => until(() => joins >= count) };
  }

  it('joins a channel and gets answers', async () => {
    const { Kind, ask, joined } = connect(await stand(serveChannels));
    await joined(1);
    assert.deepStrictEqual(await ask({ a: 1 }), { a: 1 });
    assert.strictEqual(Kind.count, 1);
  });

  it('joins again after a restart', async () => {
    const server = await stand(serveChannels);
    const { Kind, ask, joined } = connect(server);
    await joined(1);
    await server.restart();
    await joined(2);
    assert.deepStrictEqual(await ask({ a: 2 }), { a: 2 });
    assert.ok(Kind.count >= 2);
  });
});

describe('@supabase/realtime-js', () => {
  function connect(server) {
    const Kind = counted();
    const client = new RealtimeClient(`${server.url}/realtime/v1`, {
      params: { apikey: 'key' },
      transport: Kind,
      reconnectAfterMs: () => SOON,
    });
    after(() => client.disconnect());
    const told = [];
    const channel = client.channel('room', { config: { broadcast: { self: true, ack: true } } });
    channel.on('broadcast', { event: 'said' }, ({ payload }) => told.push(payload.text));
    channel.subscribe((status) => told.push(status));
    const say = (text) => channel.send({ type: 'broadcast', event: 'said', payload: { text } });
    return { Kind, say, told };
  }

  it('subscribes, and hears what is broadcast', async () => {
    const { Kind, say, told } = connect(await stand(serveChannels));
    await until(() => told.includes('SUBSCRIBED'));
    assert.strictEqual(await say('hello'), 'ok');
    await until(() => told.includes('hello'));
    assert.strictEqual(Kind.count, 1);
  });

  it('subscribes again after a restart', async () => {
    const server = await stand(serveChannels);
    const { Kind, say, told } = connect(server);
    await until(() => told.includes('SUBSCRIBED'));
    await server.restart();
    await until(() => told.filter((status) => status === 'SUBSCRIBED').length === 2);
    assert.strictEqual(await say('again'), 'ok');
    await until(() => told.includes('again'));
    assert.ok(Kind.count >= 2);
  });
});
