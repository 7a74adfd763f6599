import { expect, test, vi } from 'vitest';
import { WebSocketReconnect } from 'websocket-reconnect-native';
import { watchPrice } from './feed.mjs';

vi.mock('websocket-reconnect-native', async () => {
  const { EventEmitter } = await import('node:events');
  const made = [];
  class WebSocketReconnect extends EventEmitter {
    static made = made;
    connect = vi.fn(async () => {});
    close = vi.fn();

    constructor(options) {
      super();
      this.options = options;
      made.push(this);
    }
  }
  return { WebSocketReconnect };
});

test('keeps the latest price until the connection is lost', () => {
  const feed = watchPrice('wss://prices.example');
  const [ws] = WebSocketReconnect.made;
  expect(ws.connect).toHaveBeenCalledOnce();
  ws.emit('message', { data: '42' });
  expect(feed.price).toBe(42);
  ws.emit('close', { code: 1006, reason: '', wasClean: false });
  expect(feed.price).toBeUndefined();
  feed.stop();
  expect(ws.close).toHaveBeenCalled();
});
