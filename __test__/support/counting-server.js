'use strict';

const http = require('http');
const { performance } = require('perf_hooks');
const WebSocket = require('ws');

const made = new Set();

/** A server in this process that knows when each attempt has come; each takes `delay` ms to be answered. */
async function countingServer(delay = 0) {
  const wss = new WebSocket.Server({ noServer: true });
  const server = http.createServer();
  const sockets = new Set();
  const counted = { arrivals: [], pending: 0, most: 0, open: 0 };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    counted.arrivals.push(performance.now());
    counted.pending += 1;
    counted.most = Math.max(counted.most, counted.pending);
    setTimeout(() => {
      counted.pending -= 1;
      if (socket.destroyed) return;
      wss.handleUpgrade(request, socket, head, (ws) => {
        counted.open += 1;
        ws.on('error', () => {}).on('close', () => {
          counted.open -= 1;
        });
      });
    }, delay);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  made.add(() => {
    cut();
    server.close();
  });
  return Object.assign(counted, { url: `ws://127.0.0.1:${server.address().port}/`, cut });
}

/** Ends all that a test made. */
function endCountingServers() {
  made.forEach((end) => end());
  made.clear();
}

/** That never more than `max` of these attempts, none of which began before `from`, began in any `per` ms. */
function tooEarly(arrivals, from, { max, per }) {
  // One comes after it has begun, so the one after `max` others comes `per` later than the first can have begun.
  return arrivals.filter((at, index) => at < from + Math.floor(index / max) * per - 1);
}

module.exports = { countingServer, endCountingServers, tooEarly };
