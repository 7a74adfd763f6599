// So has the skill's own path, and `require`.
import native = require('websocket-reconnect-native');
import script = require('websocket-reconnect-native/scripts/websocket-reconnect.js');

import websocket = require('websocket-reconnect-native/websocket');

const socket: websocket.WebSocket = new websocket.WebSocket('ws://localhost');

const ws: native.WebSocketReconnect = new script.WebSocketReconnect({ url: 'ws://localhost' });
ws.on('retry', ({ attempt }) => attempt.toFixed());
// @ts-expect-error the url is required
new script.WebSocketReconnect({});
