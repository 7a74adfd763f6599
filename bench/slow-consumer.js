#!/usr/bin/env node
'use strict';

/*
 * What a consumer that never keeps up costs: a server sends 2 GiB as fast as it can, and the handler takes
 * 1 ms for each message.
 *
 *   node bench/slow-consumer.js [SIZE_KIB …]
 *
 * Prints the client's memory when idle and how far it has grown at its peak, for messages of 64 KiB unless told.
 * Fails where that is more than 64 MiB. A run takes as many ms as there are messages.
 */

const { fork } = require('child_process');
const path = require('path');
const { WebSocketServer } = require('ws');
const { runScript } = require('../__test__/support/runtime.js');

const TOTAL = 2 ** 31;
const MIB = 1024 * 1024;
const LIMIT_MIB = 64;
const CONSUMER = path.join(__dirname, '..', '__test__', 'life', 'slow-consumer.js');
const PATIENCE = 600000;

/** In a process of its own: sends all to each client, then closes. */
function serve(size) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('listening', () => process.send({ port: /** @type {any} */ (server.address()).port }));
  server.on('connection', (ws) => {
    const data = Buffer.alloc(size, 'x');
    let left = TOTAL;
    const send = () => {
      if (ws.readyState !== ws.OPEN) return;
      if (left <= 0) {
        ws.close();
        return;
      }
      left -= size;
      ws.send(data, send);
    };
    for (let i = 0; i < 4; i++) send();
  });
}

async function measure(size) {
  const server = fork(__filename, ['serve', String(size)]);
  process.once('exit', () => server.kill());
  const { port } = await new Promise((resolve) => server.once('message', resolve));
  const options = { exposeGc: true, deadline: PATIENCE };
  const { stdout, stderr, ms } = await runScript(CONSUMER, [`ws://127.0.0.1:${port}`], options);
  server.kill();
  if (!stdout) throw new Error(stderr || 'the consumer has told nothing');
  const { handled, bytes, idleMiB, grownMiB } = JSON.parse(stdout);
  const figures = [size / 1024, handled, Math.round(bytes / MIB), idleMiB, grownMiB, Math.round(ms / 1000)];
  console.log(`| ${figures.join(' | ')} |`);
  return grownMiB <= LIMIT_MIB && bytes >= TOTAL;
}

async function main(sizes) {
  console.log('| message, KiB | messages | MiB | idle, MiB | grown at the peak, MiB | s |');
  console.log('|---|---|---|---|---|---|');
  for (const size of sizes) {
    if (!(await measure(size * 1024))) process.exitCode = 1;
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'serve') serve(Number(rest[0]));
else main(first === undefined ? [64] : [first, ...rest].map(Number));
