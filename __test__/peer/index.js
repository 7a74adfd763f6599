'use strict';

const { spawn } = require('child_process');
const path = require('path');

/** Replies of the servers' process that are awaited, by the id of the call. */
const calls = new Map();
const servers = new Set();

let child;
let lastCall = 0;

/** The process in which all servers of a run live: it goes on while a test blocks its own thread. */
function serversProcess() {
  if (child) return child;
  child = spawn(process.env.WSR_TEST_NODE || 'node', [path.join(__dirname, 'server.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) settle(JSON.parse(line));
  });
  child.on('exit', (code) => {
    child = undefined;
    for (const id of [...calls.keys()]) settle({ id, error: `the servers' process ended with ${code}` });
  });
  return child;
}

function settle({ id, result, error }) {
  const { resolve, reject, what } = calls.get(id);
  calls.delete(id);
  if (error === undefined) resolve(result);
  else reject(new Error(`server.${what}: ${error}`));
}

function call(server, method, args) {
  const id = ++lastCall;
  return new Promise((resolve, reject) => {
    calls.set(id, { resolve, reject, what: method });
    serversProcess().stdin.write(`${JSON.stringify({ id, server, method, args })}\n`);
  });
}

/** Commands of server.js; each gives a promise. */
const COMMANDS = [
  'handshakes',
  'attempts',
  'connections',
  'connected',
  'received',
  'pings',
  'pongs',
  'answered',
  'ended',
  'send',
  'raw',
  'close',
  'cut',
  'freeze',
  'thaw',
  'flood',
  'pester',
  'ping',
  'later',
  'mark',
  'marked',
  'behave',
  'stopListening',
  'listenAgain',
  'shut',
];

/** A server in the other process; see server.js for its commands. */
class Server {
  constructor({ id, port }, options) {
    const scheme = options.tls ? 'wss' : 'ws';
    this._id = id;
    this.port = port;
    this.url = `${scheme}://${options.host === '::1' ? '[::1]' : '127.0.0.1'}:${port}/`;
  }
}

for (const method of COMMANDS) {
  Server.prototype[method] = function command(...args) {
    return call(this._id, method, args);
  };
}

/** Starts a server on a free port of 127.0.0.1; for the options see server.js. */
async function startServer(options = {}) {
  const server = new Server(await call(null, 'start', [options]), options);
  servers.add(server);
  return server;
}

/** Ends all servers and their connections. */
async function stopServers() {
  const all = [...servers];
  servers.clear();
  await Promise.all(all.map((server) => server.shut()));
}

/** A port of 127.0.0.1 on which nobody listens. */
async function deadPort() {
  const server = await startServer();
  await server.stopListening();
  return server.port;
}

module.exports = { startServer, stopServers, deadPort };
