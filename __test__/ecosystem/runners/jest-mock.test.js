const { WebSocketReconnect } = require('websocket-reconnect-native');
const { watchPrice } = require('./feed.js');

jest.mock('websocket-reconnect-native', () => {
  const { EventEmitter } = require('events');
  const made = [];
  class WebSocketReconnect extends EventEmitter {
    static made = made;
    connect = jest.fn(async () => {});
    close = jest.fn();

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
  expect(ws.connect).toHaveBeenCalledTimes(1);
  ws.emit('message', { data: '42' });
  expect(feed.price).toBe(42);
  ws.emit('close', { code: 1006, reason: '', wasClean: false });
  expect(feed.price).toBeUndefined();
  feed.stop();
  expect(ws.close).toHaveBeenCalled();
});
