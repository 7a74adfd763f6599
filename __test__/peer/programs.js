'use strict';

/** Servers in processes of their own. What they are made of is installed into `.tools/` where it is missing. */
const { spawn } = require('child_process');
const path = require('path');
const { python, runtime } = require('../../scripts/tools.js');

const AIOHTTP = 'aiohttp==3.14.5';
const BUN = 'bun@1.4.5';

/**
 * Starts a server that prints its port and ends with its standard input.
 *
 * Resolves to `{port, url, stop}`; `stop` resolves once the process has ended.
 */
function start(program, file) {
  const child = spawn(program, [path.join(__dirname, file)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    child.stdout.once('data', (printed) => {
      const port = Number(printed);
      const stop = () => {
        child.stdin.end();
        return ended;
      };
      resolve({ port, url: `ws://127.0.0.1:${port}/`, stop });
    });
  });
}

/** The program of Bun, which the matrix uses too. */
function bun() {
  const folder = runtime('bun', BUN, 'node_modules/bun/install.js');
  return path.join(folder, 'node_modules', '.bin', 'bun');
}

const startWs = () => start(process.execPath, 'ws_server.js');
const startBun = () => start(bun(), 'bun_server.js');
const startAiohttp = () =>
  start(path.join(python('python-aiohttp', [AIOHTTP]), 'python'), 'aiohttp_server.py');

module.exports = { startWs, startBun, startAiohttp };
