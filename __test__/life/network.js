'use strict';

/*
 * In a network of its own (`unshare -rn node network.js`): gets a default route while one client is open and another
 * waits to retry. Prints what came of it as JSON.
 */
const { execFileSync } = require('child_process');
const WebSocket = require('ws');
const { WebSocketReconnect } = require('../subject.js');

const ip = (...args) => execFileSync('ip', args);

async function main(detectSleep) {
  ip('link', 'set', 'lo', 'up');
  const server = new WebSocket.Server({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.on('listening', resolve));
  const told = [];
  const options = { heartbeatInterval: 0, baseDelay: 60000, jitter: 0, detectSleep };

  const pinged = new Promise((resolve) => {
    server.on('connection', (peer) => peer.on('ping', () => resolve()));
  });
  const open = new WebSocketReconnect({ url: `ws://127.0.0.1:${server.address().port}`, ...options });
  open.on('network', () => told.push('network of the open one'));
  await open.connect();

  const waiting = new WebSocketReconnect({ url: 'ws://127.0.0.1:1', ...options });
  await new Promise((resolve) => {
    waiting.on('retry', resolve);
    waiting.connect();
  });
  waiting.on('network', () => told.push('network of the waiting one'));
  const retried = new Promise((resolve) => {
    waiting.on('stateChange', (state) => {
      if (state !== 'CONNECTING') return;
      told.push('the next attempt');
      resolve();
    });
  });

  ip('route', 'add', 'default', 'dev', 'lo');
  if (detectSleep) await Promise.all([pinged, retried]);
  // The engine's socket has been told by the time that another asks the kernel.
  else await new Promise((resolve) => setTimeout(resolve, 500));
  console.log(JSON.stringify({ told: told.sort(), open: open.state }));
  process.exit();
}

main(process.argv[2] !== 'off');
