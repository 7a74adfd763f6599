const { default: PartySocket } = require('partysocket/ws');

const room = async () => 'ws://127.0.0.1:8080/rooms/1?token=fresh';
const ws = new PartySocket(room, [], {
  WebSocket: require('ws'),
  minUptime: 5000,
  maxRetries: 100,
});
ws.addEventListener('message', ({ data }) => console.log('received', data));
ws.send('hello');
