'use strict';

/**
 * Connects to a port on which nobody listens, with a client's certificate and a fresh header each time, and prints how often its
 * private key was opened: after 5 attempts, after 5 more with another key, and after 5 more once that was written over.
 */
const crypto = require('crypto');
const { readFileSync } = require('fs');

const open = crypto.createPrivateKey;
let opened = 0;
crypto.createPrivateKey = (...args) => {
  opened += 1;
  return open(...args);
};
const { WebSocketReconnect } = require('../subject.js');

const [url, ...files] = process.argv.slice(2);
const [first, second, third] = files.map((file) => {
  const [cert, key] = readFileSync(file, 'utf8').split('\n\n');
  return { cert, key };
});
const ATTEMPTS = 5;

async function attempts(ws) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await new Promise((resolve) => ws.once('close', resolve));
    ws.websocketOptions.headers.authorization = String(attempt);
  }
  return opened;
}

async function main() {
  const ca = [Buffer.from(first.cert), second.cert];
  const websocketOptions = { headers: {}, ca, ...first };
  const ws = new WebSocketReconnect({
    url,
    baseDelay: 1,
    maxDelay: 1,
    circuitBreaker: false,
    maxRetries: 1000,
    websocketOptions,
  });
  ws.on('error', () => {});
  ws.connect();
  const counts = [await attempts(ws)];
  // A Buffer, so that it can be written over.
  const key = Buffer.from(second.key);
  Object.assign(websocketOptions, { cert: second.cert, key });
  counts.push(await attempts(ws));
  websocketOptions.cert = third.cert;
  key.set(Buffer.from(third.key));
  counts.push(await attempts(ws));
  ws.close();
  console.log(counts.join(' '));
}

main();
