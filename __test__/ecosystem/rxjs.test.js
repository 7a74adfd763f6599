'use strict';

const assert = require('assert');
const { retry } = require('rxjs');
const { webSocket } = require('rxjs/webSocket');
const { SOON, WebSocket, after, counted, stand, until } = require('./support.js');

const echo = () => stand((socket) => socket.on('message', (data) => socket.send(String(data))));

/** What a subject tells, and how often it opens and closes. */
function subject(server, Kind, ...operators) {
  const told = [];
  const made = webSocket({
    url: server.url,
    WebSocketCtor: Kind,
    openObserver: { next: () => told.push('open') },
    closeObserver: { next: () => told.push('close') },
  });
  const subscription = made.pipe(...operators).subscribe({
    next: (value) => told.push(value),
    error: () => told.push('error'),
  });
  after(() => subscription.unsubscribe());
  return { made, told };
}

describe('rxjs', () => {
  it('sends and receives', async () => {
    const Kind = counted();
    const { made, told } = subject(await echo(), Kind);
    made.next({ a: 1 });
    await until(() => told.length === 2);
    assert.deepStrictEqual(told, ['open', { a: 1 }]);
    assert.strictEqual(Kind.count, 1);
  });

  it('retries after a restart', async () => {
    const server = await echo();
    const Kind = counted();
    const { made, told } = subject(server, Kind, retry({ delay: SOON }));
    await until(() => told.includes('open'));
    await server.restart();
    await until(() => told.filter((one) => one === 'open').length === 2);
    made.next('again');
    await until(() => told.includes('again'));
    assert.ok(Kind.count >= 2);
  });

  it('sees nothing of a restart over a class that reconnects', async () => {
    const server = await echo();
    const Again = WebSocket.withOptions({
      baseDelay: SOON,
      maxDelay: SOON,
      maxRetries: Infinity,
      // Else what is sent before the cut is seen may be lost.
      delivery: 'at-least-once',
    });
    const Kind = counted(Again);
    const { made, told } = subject(server, Kind);
    await until(() => told.includes('open'));
    await server.stop();
    made.next('in between');
    await server.start();
    await until(() => told.includes('in between'));
    assert.deepStrictEqual(told, ['open', 'in between']);
    assert.strictEqual(Kind.count, 1);
  });
});
