'use strict';

const { readFileSync } = require('fs');
const path = require('path');
const { UsageError, help, parse } = require('./arguments.js');
const { EXIT } = require('./exit-codes.js');

function version() {
  return JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')).version;
}

function wrongUsage(message) {
  console.error(`wsr: ${message}\nTry 'wsr --help'.`);
  return EXIT.usage;
}

/** Signals end a session as they should, and so does output that cannot be printed. */
function listen(session) {
  process.on('SIGINT', () => session.interrupt(EXIT.interrupted));
  process.on('SIGTERM', () => session.interrupt(EXIT.terminated));
  process.stdout.on('error', (error) => session.abandon(error));
  process.stderr.on('error', (error) => session.abandon(error));
}

async function connect(settings) {
  const { Session } = require('./session.js');
  const { stdin, stdout, stderr, env } = process;
  let session;
  try {
    session = new Session(settings, { input: stdin, output: stdout, error: stderr, env });
  } catch (error) {
    if (error.code === 'WSR_ERR_OPTION') return wrongUsage(error.message);
    throw error;
  }
  listen(session);
  return session.run();
}

async function simulate(args) {
  try {
    await require('./simulate.js').simulate(args);
    return EXIT.done;
  } catch (error) {
    if (error instanceof TypeError) return wrongUsage(error.message);
    throw error;
  }
}

async function demo([url]) {
  if (url && url.startsWith('-')) throw new UsageError(`demo takes a URL alone, not ${url}`);
  await require('./demo/index.js').demo(url);
  return EXIT.done;
}

const COMMANDS = Object.assign(Object.create(null), { simulate, demo });

/** Does what the arguments say, and resolves to the exit code. */
async function main(args) {
  const [command, ...rest] = args;
  if (COMMANDS[command]) {
    if (!rest.some((arg) => arg === '-h' || arg === '--help')) return COMMANDS[command](rest);
    console.log(help());
    return EXIT.done;
  }
  const settings = parse(args);
  if (settings.help || settings.version) {
    console.log(settings.help ? help() : version());
    return EXIT.done;
  }
  return connect(settings);
}

main(process.argv.slice(2))
  .catch((error) => {
    if (error instanceof UsageError) return wrongUsage(error.message);
    console.error(`wsr: ${error.message}`);
    return EXIT.failed;
  })
  // Standard input may be open for long; what was printed to a pipe may still be on its way.
  .then((code) => process.stdout.write('', () => process.exit(code)));
