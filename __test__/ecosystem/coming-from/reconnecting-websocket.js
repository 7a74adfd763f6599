const ReconnectingWebSocket = require('reconnecting-websocket');

const ws = new ReconnectingWebSocket('ws://127.0.0.1:8080', ['chat'], {
  WebSocket: require('ws'),
  minReconnectionDelay: 1000,
  maxReconnectionDelay: 10000,
  maxEnqueuedMessages: 100,
});
ws.addEventListener('open', () => console.log('connected'));
ws.addEventListener('message', ({ data }) => console.log('received', data));
ws.addEventListener('close', ({ code, reason }) => console.log('closed', code, reason));
ws.send('hello'); // kept until there is a connection
