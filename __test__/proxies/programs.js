'use strict';

/** Proxies of Debian, each on a port of 127.0.0.1, with a configuration and a folder of its own. */
const { spawn } = require('child_process');
const { chmodSync, mkdtempSync, rmSync, writeFileSync } = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { certificates } = require('../peer/certificates.js');
const { deadPort } = require('../peer/index.js');

/** How long one may take until it listens. */
const START_MS = 20000;
const isRoot = process.getuid !== undefined && process.getuid() === 0;

/**
 * Each program: its file of configuration, where it has one, and its arguments, by the port, the folder and what the test says.
 * Each stays in the foreground.
 */
const PROGRAMS = {
  tinyproxy: {
    command: 'tinyproxy',
    configuration: ({ port, folder, auth }) => `
Port ${port}
Listen 127.0.0.1
Allow 127.0.0.1
Timeout 60
MaxClients 20
PidFile "${folder}/pid"
LogFile "${folder}/log"
${auth ? `BasicAuth ${auth.join(' ')}` : ''}
`,
    args: ({ file }) => ['-d', '-c', file],
  },
  squid: {
    command: 'squid',
    // As Debian has it, CONNECT leads to the ports of a list alone.
    configuration: ({ port, folder, ports, tls }) => `
${tls ? `https_port 127.0.0.1:${port} tls-cert=${folder}/cert tls-key=${folder}/key` : `http_port 127.0.0.1:${port}`}
acl allowed port 443 ${ports.join(' ')}
http_access deny CONNECT !allowed
http_access allow all
visible_hostname localhost
pid_filename ${folder}/pid
cache_log ${folder}/log
access_log none
cache deny all
coredump_dir ${folder}
max_filedescriptors 1024
shutdown_lifetime 0 seconds
`,
    // Its name is that of its memory too.
    args: ({ file, port }) => ['-N', '-n', `proxy${port}`, '-f', file],
  },
  microsocks: {
    command: 'microsocks',
    args: ({ port, auth }) => [
      '-i',
      '127.0.0.1',
      '-p',
      String(port),
      ...(auth ? ['-u', auth[0], '-P', auth[1]] : []),
    ],
  },
  dante: {
    command: 'danted',
    configuration: ({ port }) => `
logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
${isRoot ? 'user.privileged: root\nuser.unprivileged: nobody' : ''}
clientmethod: none
socksmethod: none
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 protocol: tcp }
`,
    args: ({ file, folder }) => ['-f', file, '-p', `${folder}/pid`],
  },
};

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
 * Starts a program; resolves to its port once it listens. `auth`: the only user and their password; `ports`: those that squid
 * leads to besides 443; `tls`: whether it speaks TLS.
 */
async function startProgram(name, { auth = undefined, ports = [], tls = false } = {}) {
  const { command, configuration, args } = PROGRAMS[name];
  const port = await deadPort();
  const folder = mkdtempSync(path.join(os.tmpdir(), `${name}-`));
  // squid and dante write as another user than root.
  chmodSync(folder, 0o777);
  const file = path.join(folder, 'conf');
  const known = { port, folder, file, auth, ports, tls };
  if (configuration) writeFileSync(file, configuration(known));
  const { leaf } = certificates();
  for (const part of ['cert', 'key']) writeFileSync(path.join(folder, part), leaf[part]);
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
  return port;
}

async function stopPrograms() {
  const all = [...running];
  running.clear();
  await Promise.all(all.map(stop));
}

module.exports = { startProgram, stopPrograms };
