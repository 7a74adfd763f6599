'use strict';

// WebSockets by HTTP/2 through HAProxy (2.4 or later), which speaks HTTP/1.1 with the server behind it.

const assert = require('assert');
const { spawn } = require('child_process');
const { mkdtempSync, writeFileSync } = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { certificates } = require('../peer/certificates.js');
const { deadPort } = require('../peer/index.js');
const { closeClients, openClient } = require('../support/clients.js');
const { until } = require('../support/waiting.js');
const { endAll, serve } = require('../support/ws-servers.js');

const running = [];

/** Starts it before a server; gives the URL and how to trust it. */
async function startHaproxy(backend, protocols) {
  const { leaf, ca } = certificates();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'haproxy-'));
  const [certificate, configuration] = ['server.pem', 'haproxy.cfg'].map((name) => path.join(folder, name));
  const port = await deadPort();
  writeFileSync(certificate, leaf.cert + leaf.key);
  writeFileSync(
    configuration,
    `
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend secure
  bind 127.0.0.1:${port} ssl crt ${certificate} alpn ${protocols}
  http-request set-header X-Version %[fc_http_major]
  http-request set-header X-From %[src_port]
  default_backend servers
backend servers
  server one ${new URL(backend).host}
`,
  );
  const program = spawn('haproxy', ['-db', '-f', configuration], { stdio: 'ignore' });
  running.push(program);
  const listens = () =>
    new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('connect', () => socket.destroy() && resolve(true));
      socket.on('error', () => resolve(false));
    });
  await until(async () => {
    assert.strictEqual(program.exitCode, null, 'haproxy has ended');
    return listens();
  });
  return { url: `wss://127.0.0.1:${port}/`, ca };
}

describe('HAProxy', () => {
  const requests = [];
  let backend;

  beforeEach(async () => {
    requests.length = 0;
    backend = await serve((socket, request) => {
      requests.push(request.headers);
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
  });

  afterEach(() => {
    closeClients();
    for (const program of running.splice(0)) program.kill();
    endAll();
  });

  /** So many open clients, through each of which a message has come back. */
  async function echoThrough({ url, ca }, count) {
    const websocketOptions = { ca, http2: true };
    const opening = Array.from({ length: count }, () => openClient({ url, websocketOptions }));
    const clients = await Promise.all(opening);
    clients.forEach(({ ws }, i) => ws.send(`hello ${i}`));
    await Promise.all(clients.map(({ log }, i) => log.until(`message hello ${i}`)));
    return clients;
  }

  const seen = (name) => new Set(requests.map((headers) => headers[name]));

  it('takes all clients by one connection of HTTP/2', async () => {
    const clients = await echoThrough(await startHaproxy(backend, 'h2,http/1.1'), 50);
    assert.deepStrictEqual([...seen('x-version')], ['2']);
    assert.strictEqual(seen('x-from').size, 1);
    const [{ ws, log }] = clients;
    ws.send(Buffer.alloc(4 * 1024 * 1024));
    await log.until('message <4194304 bytes>');
    ws.close(4000, 'enough');
    await log.until("close 4000 'enough'");
  });

  it('takes more clients than one connection may have streams (100)', async () => {
    await echoThrough(await startHaproxy(backend, 'h2,http/1.1'), 150);
    assert.deepStrictEqual([...seen('x-version')], ['2']);
    assert.strictEqual(seen('x-from').size, 2);
  });

  it('takes them by HTTP/1.1 where it speaks no HTTP/2', async () => {
    await echoThrough(await startHaproxy(backend, 'http/1.1'), 5);
    assert.deepStrictEqual([...seen('x-version')], ['1']);
    assert.strictEqual(seen('x-from').size, 5);
  });
});
