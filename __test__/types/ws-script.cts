// The class is what `require` gives, with the rest on it.
import WebSocket = require('websocket-reconnect-native/ws');

const { createWebSocketStream, WebSocket: same } = WebSocket;
const ws: WebSocket = new same('ws://localhost');
const data: WebSocket.RawData = Buffer.from('x');
createWebSocketStream(ws).write(data);
const server: unknown = new WebSocket.Server({ port: 0 });
