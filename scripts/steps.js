'use strict';

const { spawn } = require('child_process');
const path = require('path');

const ROOT = path.join(__dirname, '..');

/**
 * Runs a command in the project's folder and waits for its end.
 *
 * Resolves to `{code, output}`. What it prints is passed on as it comes: all of it, or with `show`
 * `'progress'` its standard error alone, or `'nothing'`; `output` has what was not passed on, and its
 * standard output. After `deadline` ms the command is killed. One that cannot start ends with code 127.
 *
 * @param {{cwd?: string, env?: object, show?: 'all' | 'progress' | 'nothing', deadline?: number}} [options]
 */
function run(command, args, options = {}) {
  const { cwd = ROOT, env = {}, show = 'all', deadline } = options;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', show === 'nothing' ? 'pipe' : 'inherit'],
  });
  let output = '';
  const collect = (chunk) => {
    output += chunk;
    if (show === 'all') process.stdout.write(chunk);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) stream.setEncoding('utf8').on('data', collect);
  }
  const timer = deadline && setTimeout(() => child.kill('SIGKILL'), deadline);
  return new Promise((resolve) => {
    child.on('error', ({ message }) => resolve({ code: 127, output: `${output}${message}\n` }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(signal ? { code: 1, output: `${output}\nended by ${signal}\n` } : { code, output });
    });
  });
}

/** Runs a command that has to succeed, and resolves to what it printed. */
async function must(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code === 0) return output;
  const said = options && options.show === 'nothing' ? `\n${output}` : '';
  const why = code === 127 ? `\n${output.split('\n').slice(-2)[0]}` : said;
  throw new Error(`${[path.basename(command), ...args].join(' ')} ended with code ${code}.${why}`);
}

/** Runs the npm that runs this script, or else the one on the PATH. */
function npm(args, options) {
  const cli = process.env.npm_execpath || '';
  if (/npm-cli\.js$/.test(cli)) return must(process.execPath, [cli, ...args], options);
  return must(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}

/** Runs `main` as the whole of a script: what it throws is told in one line and ends with code 1. */
function script(main) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}

module.exports = { ROOT, run, must, npm, script };
