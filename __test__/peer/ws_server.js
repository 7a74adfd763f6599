'use strict';

// A server on `ws`: echoes each message, but for `close CODE REASON` and `ping`, which it does (`ping` is
// answered by `pong` once the pong is there). Prints its port, ends with its standard input.

const WebSocket = require('ws');

const server = new WebSocket.Server({
  host: '127.0.0.1',
  port: 0,
  // Without the threshold of 1024 bytes, short messages are compressed too.
  perMessageDeflate: { threshold: 0 },
  maxPayload: 2 ** 27,
});
server.on('listening', () => console.log(server.address().port));
server.on('connection', (ws) => {
  ws.on('pong', () => ws.send('pong'));
  ws.on('message', (data, isBinary) => {
    const [command, code, reason] = isBinary ? [] : data.subarray(0, 64).toString().split(' ');
    if (command === 'close') ws.close(Number(code), reason);
    else if (command === 'ping') ws.ping();
    else ws.send(data, { binary: isBinary });
  });
});
process.stdin.on('end', () => process.exit()).resume();
