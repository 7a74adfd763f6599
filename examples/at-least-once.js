'use strict';

/*
 * Orders that are not lost, and not counted twice.
 *
 *   node examples/at-least-once.js
 *
 * A sender with `delivery: 'at-least-once'` sends numbered orders to a server that cuts the connection now
 * and then. Some orders arrive twice; the number in each lets the receiver leave the second one out.
 */

const { WebSocketServer } = require('ws');
const { WebSocketReconnect } = require('../index.js'); // yours: require('websocket-reconnect-native')

/** Takes orders, each once, and cuts the connection after every `patience` messages. */
class Orders {
  constructor(patience) {
    this.taken = [];
    this.duplicates = 0;
    this.last = -1;
    let read = 0;
    this.server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    this.server.on('connection', (ws) => {
      ws.on('error', () => {});
      ws.on('message', (text) => {
        this.take(JSON.parse(text.toString()));
        read += 1;
        if (read % patience === 0) ws.terminate();
      });
    });
    this.listening = new Promise((resolve) => this.server.once('listening', resolve));
  }

  /** Numbers grow by one, and duplicates come in order: what is not larger than the last has been taken. */
  take({ number, item }) {
    if (number <= this.last) {
      this.duplicates += 1;
      return;
    }
    this.last = number;
    this.taken.push(item);
  }

  get url() {
    const address = /** @type {import('net').AddressInfo} */ (this.server.address());
    return `ws://127.0.0.1:${address.port}`;
  }

  stop() {
    for (const ws of this.server.clients) ws.terminate();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** Sends the orders, and resolves once the server has read all of them. */
async function sendOrders(url, items) {
  const ws = new WebSocketReconnect({ url, delivery: 'at-least-once', baseDelay: 10, maxDelay: 100 });
  await ws.connect();
  items.forEach((item, number) => ws.send(JSON.stringify({ number, item })));
  await ws.flush({ timeout: 0 });
  ws.close();
}

async function main() {
  const orders = new Orders(30);
  await orders.listening;
  const items = Array.from({ length: 100 }, (_, i) => `order ${i}`);
  await sendOrders(orders.url, items);
  console.log(`${orders.taken.length} orders, ${orders.duplicates} duplicates left out`);
  await orders.stop();
}

if (require.main === module) main();

module.exports = { Orders, sendOrders };
