// The WebSocket class compiles where one of the standard is asked for, and each line below `@ts-expect-error` would not without it.
import 'websocket-reconnect-native/register';
import { type CloseEvent, WebSocket } from 'websocket-reconnect-native/websocket';

const ws = new WebSocket('wss://localhost', ['one', 'two'], { headers: { Authorization: 'x' } });
new WebSocket(new URL('https://localhost'), { protocols: 'one', headers: { Authorization: 'x' } });
new WebSocket('ws://localhost', undefined, { rejectUnauthorized: false });
ws.binaryType = 'nodebuffer';
ws.onopen = (event) => event.type.toUpperCase();
ws.onclose = function ({ code, reason, wasClean }) {
  const all: [number, string, boolean] = [code, reason, wasClean];
  this.close(code, all[1]);
};
ws.addEventListener('message', ({ data, origin }) => origin.concat(data), { once: true });
ws.addEventListener('close', { handleEvent: (event: CloseEvent) => event.code.toFixed() });
ws.removeEventListener('open', null);
ws.send(new Uint8Array(1));
ws.send(new Blob(['x']));
const state: 0 | 1 | 2 | 3 = ws.readyState;
const open: 1 = WebSocket.OPEN;
const trip: Promise<number> = ws.ping();
ws.client.on('retry', ({ attempt }) => attempt.toFixed());
ws.terminate();

/** Where a library asks for the class of the standard. */
const standard: new (url: string | URL, protocols?: string | string[]) => globalThis.WebSocket = WebSocket;

const Again: typeof WebSocket = WebSocket.withOptions({ maxRetries: Infinity, queue: { ttl: 1000 } });
const target: EventTarget = new Again('ws://localhost');

// @ts-expect-error: a URL is needed
new WebSocket();
// @ts-expect-error: an agent has addRequest
new WebSocket('ws://localhost', [], { agent: {} });
// @ts-expect-error: the constructor is given it
WebSocket.withOptions({ url: 'ws://localhost' });
// @ts-expect-error: there is no such type
ws.binaryType = 'text';
// @ts-expect-error: it cannot be written
ws.readyState = 1;
// @ts-expect-error: a code is a number
ws.close('1000');
// @ts-expect-error: an object is no message
ws.send({});
