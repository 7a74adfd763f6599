'use strict';

/** A server on Python's `websockets`, which is installed into `.tools/` of the checkout where it is missing. */
const { execFileSync, spawn } = require('child_process');
const { existsSync } = require('fs');
const path = require('path');

const WEBSOCKETS = 'websockets==15.0.1';
const FOLDER = path.join(__dirname, '..', '..', '.tools', 'python-websockets');
const PYTHON = path.join(FOLDER, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

function install() {
  const run = (file, ...args) => execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (!existsSync(PYTHON)) run(process.platform === 'win32' ? 'python' : 'python3', '-m', 'venv', FOLDER);
  const known = `import websockets, sys; sys.exit(websockets.__version__ != "${WEBSOCKETS.split('==')[1]}")`;
  try {
    execFileSync(PYTHON, ['-c', known], { stdio: 'ignore' });
  } catch (_error) {
    run(PYTHON, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', WEBSOCKETS);
  }
}

/** Starts the server; resolves to `{url, stop}`. */
function startPython() {
  install();
  const child = spawn(PYTHON, [path.join(__dirname, 'websockets_server.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the Python server ended with ${code}`)));
    child.stdout.once('data', (port) => {
      resolve({ url: `ws://127.0.0.1:${Number(port)}/`, stop: () => child.kill() });
    });
  });
}

module.exports = { install, startPython };
