import { type RetryInfo, WebSocketReconnect } from '../../index.mjs';

const ws = new WebSocketReconnect({ url: 'ws://example.com' });
ws.on('retry', (info: RetryInfo) => info.attempt);
await ws.connect();
// @ts-expect-error: no such event
ws.on('reconnect', () => {});
