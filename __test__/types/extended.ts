// Options that are extended, and what `close`, `message` and `once` of `node:events` tell.
import { once } from 'events';
import {
  type FailoverOptions,
  WebSocketReconnect,
  type WebSocketReconnectEvents,
  type WebSocketReconnectOptions,
} from '../../index.js';

interface Labelled extends WebSocketReconnectOptions {
  label: string;
}
interface Regional extends FailoverOptions {
  region: string;
}

const labelled: Labelled = { url: 'ws://x', label: 'a' };
const regional: Regional = { urls: ['ws://x'], region: 'a' };
const ws = new WebSocketReconnect(labelled);
new WebSocketReconnect(regional);
// @ts-expect-error: the url is required
const nowhere: Labelled = { label: 'a' };

ws.on('close', (info) => {
  if (info.code !== 'MAX_RETRIES' && info.code >= 4000) return info.reason;
  if (typeof info.code === 'number') return info.code >= 4000;
  const end: false = info.wasClean;
  return end;
});
ws.on('close', (info) => {
  // @ts-expect-error: it may be no number
  if (info.code >= 4000) return;
  if (info.code === 'MAX_RETRIES') return;
  const code: number = info.code;
});

async function closing(): Promise<number> {
  const [info] = (await once(ws, 'close')) as WebSocketReconnectEvents['close'];
  return info.code === 'MAX_RETRIES' ? 0 : info.code;
}

const binary = new WebSocketReconnect<'arraybuffer'>({ url: 'ws://x' });
binary.binaryType = 'arraybuffer';
// @ts-expect-error: it is said not to change
binary.binaryType = 'nodebuffer';
binary.on('message', ({ data }) => {
  const bytes: string | ArrayBuffer = data;
  // @ts-expect-error: it is no Buffer
  const buffer: string | Buffer = data;
});
binary.addEventListener('message', ({ data }) => (typeof data === 'string' ? data.length : data.slice(1)));
binary.once('message', function ({ target }) {
  const { state } = target;
});
new WebSocketReconnect<'nodebuffer'>({ url: 'ws://x' }).on('message', ({ data }) => {
  const buffer: string | Buffer = data;
});
ws.on('message', ({ data }) => {
  // @ts-expect-error: it may be an ArrayBuffer
  const buffer: string | Buffer = data;
});
// Whoever takes any client takes one of a known `binaryType`.
const any: WebSocketReconnect = binary;
async function read(): Promise<void> {
  for await (const data of binary) {
    const bytes: string | ArrayBuffer = data;
  }
}

class Own extends WebSocketReconnect {
  on<E extends keyof WebSocketReconnectEvents>(
    event: E,
    handler: (...args: WebSocketReconnectEvents[E]) => void,
  ): this {
    return super.on(event, handler);
  }
}
