// Options that are extended, and what `close` and `once` of `node:events` tell.
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
