'use strict';

/** Connects to a name where the system may start no thread, and prints how that ends. */
const { WebSocketReconnect } = require('../subject.js');

const tell = ({ code, message }) => console.log(code, message);

try {
  const ws = new WebSocketReconnect({ url: `ws://localhost:${process.argv[2]}/`, maxRetries: 0 });
  ws.on('error', tell);
  ws.on('open', () => {
    console.log('open');
    ws.close();
  });
  ws.connect().catch(() => {});
} catch (error) {
  tell(error);
}
