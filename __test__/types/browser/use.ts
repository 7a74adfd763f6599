// A project for browsers, without the types of Node.

import WebSocketReconnect, { type MessageData } from '../../../index.mjs';

const client = new WebSocketReconnect({
  url: new URL('wss://example.com'),
  whenHidden: 'wait',
  timers: 'worker',
});

client.on('message', ({ data }) => {
  const known: string | Uint8Array | ArrayBuffer = data;
  void known;
});
client.once('retry', ({ attempt, delay }) => console.log(attempt + delay));
client.addEventListener('close', ({ code, reason }) => console.log(code, reason));
client.removeAllListeners('retry');
client.connect().then(() => client.send(new Blob(['a blob'])));
client.send(new DataView(new ArrayBuffer(1)));

const data: MessageData = new Uint8Array(1);
void data;

// @ts-expect-error: there is no such event
client.on('nothing', () => {});
// @ts-expect-error: nor such a method
client.nothing();
// @ts-expect-error: a number is no message
client.send(5);
// @ts-expect-error: nor a URL
new WebSocketReconnect({ url: 5 });
// @ts-expect-error: a project without the types of Node knows no Buffer
Buffer.alloc(1);
