'use strict';

// A server of WebSockets that writes down when each attempt came, at once: it is killed. It refuses what is more than `max`
// in any `per` ms, as exchanges do.

const { openSync, writeSync } = require('fs');
const { createServer } = require('http');
const { performance } = require('perf_hooks');
const { WebSocketServer } = require('ws');
const { SlidingWindow } = require('../../../lib/fleet/sliding-window.js');

const { port, file, max, per } = JSON.parse(process.argv[2]);
const record = openSync(file, 'a');
const window = new SlidingWindow(per);

const http = createServer();
const sockets = new WebSocketServer({ noServer: true });
http.on('connection', () => {
  const now = performance.now();
  window.add(now);
  writeSync(record, `${performance.timeOrigin + now}\n`);
});
http.on('upgrade', (request, socket, head) => {
  if (window.count(performance.now()) > max) {
    process.send({ event: 'refused' });
    socket.end('HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, socket, head, () => {});
});
http.listen({ port, host: '127.0.0.1', backlog: 2000 }, () => {
  process.send({ event: 'ready', port: http.address().port });
});
process.on('disconnect', () => process.exit());
