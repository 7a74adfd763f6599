// So has the skill's own path, and `require`.
import native = require('websocket-reconnect-native');
import script = require('websocket-reconnect-native/scripts/websocket-reconnect.js');

const ws: native.WebSocketReconnect = new script.WebSocketReconnect({ url: 'ws://localhost' });
ws.on('retry', ({ attempt }) => attempt.toFixed());
// @ts-expect-error the url is required
new script.WebSocketReconnect({});
