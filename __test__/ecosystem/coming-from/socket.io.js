const { io } = require('socket.io-client');

const socket = io('ws://127.0.0.1:8080', {
  transports: ['websocket'],
  extraHeaders: { 'X-Client': 'chat' },
  auth: (callback) => callback({ token: 'fresh' }),
});
socket.on('connect', () => socket.emit('say', 'hello'));
socket.on('said', (text) => console.log('received', text));
socket.on('connect_error', (error) => console.error(error.message));
socket.on('disconnect', (reason) => console.log('closed', reason));
