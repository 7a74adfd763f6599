'use strict';

const assert = require('assert');
const https = require('https');
const { certificates } = require('./peer/certificates.js');
const { startServer } = require('./peer/index.js');
const { client } = require('./support/clients.js');
const { program, runScript } = require('./support/runtime.js');

describe('sessions of TLS', () => {
  let made;
  before(() => {
    made = certificates();
  });

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const secure = () =>
      startServer({ tls: { ...made.leaf, minVersion: version, maxVersion: version }, greet: ['hello'] });
    const resumed = async (server) => (await server.handshakes()).map((each) => each.resumed);

    // A server of Node gives two tickets of TLS 1.3 with a full handshake, and none with another.

    /** Opens, and stays until the server's tickets must have come. */
    const open = async (server, websocketOptions) => {
      const { ws, log } = client({ url: server.url, websocketOptions });
      await ws.connect();
      await log.until('message hello');
      return { ws, log };
    };

    it(`of ${version} are resumed by retries and by other clients`, async () => {
      const server = await secure();
      const { log } = await open(server, { ca: made.ca });
      log.take();
      await server.cut();
      await log.until('message hello');
      await open(server, { ca: Buffer.from(made.ca) });
      assert.deepStrictEqual(await resumed(server), [false, true, true]);
    });

    it(`of ${version} are there for the next client when the first has gone`, async () => {
      const server = await secure();
      for (let count = 0; count < 3; count += 1) {
        const { ws, log } = await open(server, { ca: made.ca });
        ws.close();
        await log.until('close');
      }
      assert.deepStrictEqual(await resumed(server), [false, true, true]);
    });

    it(`of ${version} are no other setting's`, async () => {
      const server = await secure();
      await open(server, { ca: made.ca });
      await open(server, { rejectUnauthorized: false });
      await open(server, { ca: made.ca + made.otherCa });
      assert.deepStrictEqual(await resumed(server), [false, false, false]);
    });

    it(`of ${version} carry no trust over to who asks for more`, async () => {
      const own = { ...made.selfSigned, minVersion: version, maxVersion: version };
      const server = await startServer({ tls: own, greet: ['hello'] });
      const pins = `sha256/${Buffer.alloc(32).toString('base64')}`;
      const ways = [{}, { transport: 'node' }, { agent: new https.Agent({ maxCachedSessions: 10 }) }];
      for (const way of ways) {
        const anybody = { ...way, rejectUnauthorized: false };
        for (let count = 0; count < 2; count += 1) {
          const { ws, log } = await open(server, anybody);
          ws.close();
          await log.until('close');
        }
        for (const [websocketOptions, expected] of [
          [{ ...way }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
          [{ ...way, rejectUnauthorized: true }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
          [{ ...anybody, pins }, 'WSR_ERR_TLS_PIN'],
        ]) {
          const { ws, log } = client({ url: server.url, websocketOptions, maxRetries: 0 });
          ws.connect();
          assert.strictEqual((await log.until('error')).argument.code, expected);
          await log.until('close');
        }
      }
    });

    it(`of ${version} are resumed across threads`, async () => {
      const server = await secure();
      const { stdout, stderr } = await runScript(program('sessions.js'), [server.url, made.ca]);
      assert.strictEqual(stdout.trim(), 'done', stderr);
      assert.deepStrictEqual(await resumed(server), [false, true]);
    });
  }
});
