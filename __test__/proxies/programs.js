'use strict';

/** Proxies of Debian. */
const { certificates } = require('../peer/certificates.js');
const { startProgram } = require('../support/programs.js');

const isRoot = process.getuid !== undefined && process.getuid() === 0;

/** As support/programs.js takes them. */
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

/**
 * Starts a proxy; resolves to its port once it listens. `auth`: the only user and their password; `ports`: those that squid
 * leads to besides 443; `tls`: whether it speaks TLS.
 */
async function startProxy(name, { auth = undefined, ports = [], tls = false } = {}) {
  const { cert, key } = certificates().leaf;
  const { port } = await startProgram(PROGRAMS[name], { auth, ports, tls }, { cert, key });
  return port;
}

module.exports = { startProxy };
