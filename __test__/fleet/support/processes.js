'use strict';

const { fork } = require('child_process');
const { once } = require('events');
const path = require('path');

const running = new Set();

/** Begins a process of a file beside this one. It keeps what it is told: `told`. */
async function begin(file, setup) {
  const child = /** @type {any} */ (fork(path.join(__dirname, file), [JSON.stringify(setup)]));
  running.add(child);
  child.told = [];
  child.on('message', (message) => child.told.push(message));
  await once(child, 'message');
  return child;
}

async function end(child) {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const endProcesses = () => Promise.all([...running].map(end));

module.exports = { begin, end, endProcesses };
