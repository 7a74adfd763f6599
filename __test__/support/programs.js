'use strict';

/** Programs that listen on a port of 127.0.0.1, each with a folder of its own. */
const { spawn } = require('child_process');
const { chmodSync, mkdtempSync, rmSync, writeFileSync } = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { deadPort } = require('../peer/index.js');

/** How long one may take until it listens. */
const START_MS = 20000;

const running = new Set();

/** Whether somebody listens there. */
function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Ends one of them, and takes its folder away. */
async function stop({ child, ended, folder, kill }) {
  process.off('exit', kill);
  kill();
  await ended;
  child.stderr.destroy();
  rmSync(folder, { recursive: true });
}

/**
 * Starts a program that stays in the foreground; resolves to its port, folder and process once it listens.
 *
 * It is a command, its file of configuration, where it has one, and its arguments, made of the port, the folder and what the test
 * says. `files` are written into the folder, by their names.
 */
async function startProgram({ command, configuration, args }, said, files = {}) {
  const port = await deadPort();
  const folder = mkdtempSync(path.join(os.tmpdir(), `${command}-`));
  // Some write as another user than root.
  chmodSync(folder, 0o777);
  const file = path.join(folder, 'conf');
  const known = { port, folder, file, ...said };
  if (configuration) writeFileSync(file, configuration(known));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  const child = spawn(command, args(known), { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.on('data', (chunk) => {
    printed += chunk;
  });
  const kill = () => child.kill();
  process.once('exit', kill);
  const ended = new Promise((resolve) => {
    child.on('exit', resolve);
    child.on('error', resolve);
  });
  running.add({ child, ended, folder, kill });
  const limit = Date.now() + START_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}:\n${printed}`);
    if (Date.now() > limit) throw new Error(`${command} does not listen:\n${printed}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, folder, child };
}

async function stopPrograms() {
  const all = [...running];
  running.clear();
  await Promise.all(all.map(stop));
}

module.exports = { startProgram, stopPrograms };
