const WebSocket = require('ws');

let failures = 0;

function connect() {
  const ws = new WebSocket('ws://127.0.0.1:8080', ['chat'], {
    headers: { Authorization: 'Bearer token' },
    handshakeTimeout: 5000,
  });
  let heartbeat;
  let isAlive = true;
  ws.on('open', () => {
    failures = 0;
    heartbeat = setInterval(() => {
      if (!isAlive) ws.terminate();
      isAlive = false;
      ws.ping();
    }, 30000);
    ws.send('hello');
  });
  ws.on('pong', () => {
    isAlive = true;
  });
  ws.on('message', (data, isBinary) => console.log('received', isBinary ? data : data.toString()));
  ws.on('error', (error) => console.error(error.message));
  ws.on('close', () => {
    clearInterval(heartbeat);
    setTimeout(connect, Math.min(1000 * 2 ** failures, 30000));
    failures += 1;
  });
}

connect();
