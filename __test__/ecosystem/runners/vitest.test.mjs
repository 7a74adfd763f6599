import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketReconnect } from 'websocket-reconnect-native';
import { createServer } from 'websocket-reconnect-native/testing';

afterEach(() => vi.useRealTimers());

test('is back after a cut', async () => {
  const server = await createServer(['accept-then-drop', 'open']);
  const ws = new WebSocketReconnect({ url: server.url, baseDelay: 10, queue: true });
  const retry = vi.fn();
  ws.on('retry', retry);
  await ws.connect();
  await server.connection(1);
  ws.send('hello');
  expect(await server.next()).toBe('hello');
  expect(retry).toHaveBeenCalledOnce();
  ws.close();
  await server.close();
});

test('connects, retries and delivers while timers are faked', async () => {
  vi.useFakeTimers();
  const server = await createServer([{ status: 503 }, 'open']);
  const ws = new WebSocketReconnect({ url: server.url, baseDelay: 10 });
  ws.on('error', () => {});
  await ws.connect();
  ws.send('delivered');
  expect(await server.next()).toBe('delivered');
  ws.close();
  await server.close();
});
