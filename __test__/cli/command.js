'use strict';

const { spawn } = require('child_process');
const path = require('path');
const { DUE_MS } = require('../support/deadlines.js');
const { runtime } = require('../support/runtime.js');
const { until } = require('../support/waiting.js');

const PROGRAM = path.join(__dirname, '..', '..', 'bin', 'wsr.js');
const TERMINAL = path.join(__dirname, 'terminal.py');

/** The command is a program of Node 20 and later: elsewhere it says so, and its tests have nothing to test. */
const runs = runtime.name === 'node' && runtime.nodeMajor >= 20;

/** A process whose output is gathered. `ended` resolves to `{ code, signal, stdout, stderr }`. */
class Running {
  constructor(program, args, options) {
    this.child = spawn(program, args, options);
    this.stdout = '';
    this.stderr = '';
    this.child.stdout.setEncoding('utf8').on('data', (chunk) => (this.stdout += chunk));
    this.child.stderr.setEncoding('utf8').on('data', (chunk) => (this.stderr += chunk));
    const overdue = setTimeout(() => this.child.kill('SIGKILL'), DUE_MS);
    this.ended = new Promise((resolve) =>
      this.child.on('close', (code, signal) => {
        clearTimeout(overdue);
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      }),
    );
  }

  /** Waits until it has printed that, to whichever output. */
  printed(text) {
    return until(() => this.stdout.includes(text) || this.stderr.includes(text));
  }

  /** The records that `--json` has printed. */
  get records() {
    return this.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}

/** Starts the command, with pipes. */
const start = (...args) => new Running(process.execPath, [PROGRAM, ...args], { env: process.env });

/** Runs the command with that for its standard input. */
function wsr(input, ...args) {
  const running = start(...args);
  running.child.stdin.end(input);
  return running.ended;
}

/**
 * Runs the command on a pseudo-terminal: terminal.py says what steps there are. `told` is called at each `tell`; `shell` is a
 * command line in which "$@" stands for the command.
 */
async function onTerminal(args, steps, { told = async () => {}, env = {}, shell = '"$@"' } = {}) {
  const all = { ...process.env, TERM: 'xterm', NO_COLOR: '1', ...env };
  const python = new Running(
    'python3',
    [TERMINAL, JSON.stringify(steps), 'sh', '-c', shell, 'sh', process.execPath, PROGRAM, ...args],
    {
      env: all,
    },
  );
  for (const [, text] of steps.filter(([name]) => name === 'tell')) {
    await Promise.race([python.printed(`${text}\n`), python.ended]);
    await told(text);
    python.child.stdin.write('\n');
  }
  const { stdout, stderr } = await python.ended;
  const result = JSON.parse(stdout.trim().split('\n').pop() || `{"missing":${JSON.stringify(stderr)}}`);
  if (result.missing !== null)
    throw new Error(`'${result.missing}' is not in ${JSON.stringify(result.output)}`);
  return result;
}

module.exports = { PROGRAM, onTerminal, runs, start, wsr };
