import assert from 'node:assert';
import { mock, test } from 'node:test';
import { WebSocketReconnect } from 'websocket-reconnect-native';
import { createServer, VirtualLink } from 'websocket-reconnect-native/testing';

test('is back after a cut', async () => {
  const server = await createServer(['accept-then-drop', 'open']);
  const ws = new WebSocketReconnect({ url: server.url, baseDelay: 10, queue: true });
  await ws.connect();
  await server.connection(1);
  ws.send('hello');
  assert.strictEqual(await server.next(), 'hello');
  ws.close();
  await server.close();
});

test('connects, retries and delivers while timers are faked', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
  t.after(() => mock.timers.reset());
  const server = await createServer([{ status: 503 }, 'open']);
  const ws = new WebSocketReconnect({ url: server.url, baseDelay: 10 });
  ws.on('error', () => {});
  await ws.connect();
  ws.send('delivered');
  assert.strictEqual(await server.next(), 'delivered');
  ws.close();
  await server.close();
});

test('is still trying after an outage of ten minutes', () => {
  const link = new VirtualLink({ maxRetries: 30, circuitBreaker: false });
  link.on('attempt', () => link.fail());
  link.connect();
  link.advance(10 * 60 * 1000);
  assert.notStrictEqual(link.state, 'FAILED');
});
