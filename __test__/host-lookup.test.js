'use strict';

const assert = require('assert');
const { statSync } = require('fs');
const os = require('os');
const path = require('path');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { runScript, runtime } = require('./support/runtime.js');
const { handshake, make } = require('./support/upgrades.js');

const script = (name) => path.join(__dirname, 'life', name);

/** Whether a user who owns nothing can load this package. */
function isReadableByAll() {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 0o005) !== 0o005) return false;
  }
  return true;
}

describe('looking hosts up', () => {
  it('takes 4 threads at most, however many clients there are', async function () {
    // Threads are counted in /proc.
    if (process.platform !== 'linux') this.skip();
    this.timeout(70000);
    const { stdout, stderr } = await runScript(script('lookups.js'), [], { deadline: 60000 });
    const { most, ms, codes } = JSON.parse(stdout || stderr);
    // Where the network's DNS does not answer, look-ups hang: 12 threads more, and the time for some attempts is over.
    const hangs = ms >= 3000;
    assert.ok(most <= (hangs ? 16 : 4), `${most} threads in ${ms} ms`);
    const expected = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', ...(hangs ? ['WSR_ERR_HANDSHAKE_TIMEOUT'] : [])];
    for (const code of codes) assert.ok(expected.includes(code), code);
  });

  it('tells that there is no descriptor left, and not that there is no such host', async function () {
    // Elsewhere the resolver needs no descriptor, or there is no shell to limit them.
    if (process.platform !== 'linux') this.skip();
    const { stdout, stderr } = await runScript(script('no-descriptors.js'), [], { descriptors: 256 });
    assert.strictEqual(stdout.trim(), 'EMFILE getaddrinfo EMFILE localhost', stderr);
  });

  it('tells that there is no thread left, for the engine or for a look-up, whatever the limit is', async function () {
    // The limit is one of a user, which root alone can choose; other runtimes start threads of their own meanwhile.
    const isRoot = process.platform === 'linux' && process.getuid() === 0;
    if (!isRoot || runtime.name !== 'node' || !isReadableByAll()) this.skip();
    const server = await startServer();
    const [lookUp, engine] = [
      /^EAGAIN getaddrinfo EAGAIN localhost$/,
      /^EAGAIN The engine's thread cannot start/,
    ];
    const ends = [];
    const isSeen = (cause) => ends.some((end) => cause.test(end));
    // With one thread more than the engine's own needs, the look-up has none, unless one of Node's has ended meanwhile: then once more.
    for (let threads = 24; ends.length < 60 && !(isSeen(lookUp) && isSeen(engine)); ) {
      const { stdout, stderr, code } = await runScript(script('no-threads.js'), [server.port], { threads });
      assert.strictEqual(code, 0, `with ${threads} threads: ${stdout}${stderr}`);
      const end = stdout.trim();
      ends.push(end);
      threads += engine.test(end) ? 1 : -1;
    }
    assert.strictEqual(ends[0], 'open');
    const causes = ends.filter((end) => end !== 'open');
    assert.ok(
      causes.every((cause) => lookUp.test(cause) || engine.test(cause)),
      ends.join(),
    );
    assert.ok(isSeen(lookUp) && isSeen(engine), ends.join());
  });
});

describe('addresses', () => {
  it('localAddress is where the connection comes from', async () => {
    const { client: from } = await handshake({ localAddress: '127.0.0.1' });
    assert.strictEqual(from, '127.0.0.1');
    if (process.platform === 'linux') {
      assert.strictEqual((await handshake({ localAddress: '127.0.0.9' })).client, '127.0.0.9');
    }
  });

  it('localAddress that is no address is refused', () => {
    assert.throws(() => make({ localAddress: 'nowhere' }), /localAddress/);
  });

  it('family 4 and 6 choose the address of a name', async function () {
    const addresses = [].concat(...Object.values(os.networkInterfaces())).map(({ address }) => address);
    const { headers } = await handshake({ family: 4 }, ({ port }) => `ws://localhost:${port}/`);
    assert.ok(headers.host.startsWith('localhost'));
    // A machine without IPv6 has no such address to listen on.
    if (!addresses.includes('::1')) this.skip();
    const server = await startServer({ host: '::1' });
    await openClient({ url: server.url });
    const { ws, log } = client({
      url: `ws://localhost:${server.port}/`,
      websocketOptions: { family: 4 },
      maxRetries: 0,
    });
    ws.connect();
    await log.until('error ECONNREFUSED');
  });

  it('family that is none is refused', () => {
    assert.throws(() => make({ family: 5 }), { name: 'RangeError' });
    assert.throws(() => make({ family: '4' }), { name: 'TypeError' });
  });
});
