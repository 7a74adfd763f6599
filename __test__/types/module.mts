// The ESM entry has the same types.
import { WebSocketReconnect, type WebSocketReconnectOptions } from 'websocket-reconnect-native';

const options: WebSocketReconnectOptions = { url: 'ws://localhost' };
const ws: WebSocketReconnect = new WebSocketReconnect(options);
ws.on('retry', ({ attempt }) => attempt.toFixed());
// @ts-expect-error the url is required
new WebSocketReconnect({});

import Default from 'websocket-reconnect-native';

const byDefault: typeof WebSocketReconnect = Default;

import Standard, { WebSocket } from 'websocket-reconnect-native/websocket';

const same: typeof WebSocket = Standard;
