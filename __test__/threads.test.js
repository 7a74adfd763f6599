'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { TEST_MS } = require('./support/deadlines.js');
const { ENDINGS, endingsUrls } = require('./support/endings.js');
const { program, runScript, runtime } = require('./support/runtime.js');

const WORKERS = process.env.WSR_WORKERS || '200';
/** Hundreds of workers have come and gone by then. */
const WORKERS_MS = 300000;

describe('worker threads', () => {
  const workers = async (url, ...args) => {
    const { code, signal, stdout, stderr } = await runScript(program('workers.js'), [url, ...args], {
      deadline: WORKERS_MS,
    });
    assert.strictEqual(signal, null, `it crashed or hung: ${stdout} ${stderr}`);
    assert.strictEqual(code, 0, stderr);
    assert.strictEqual(stdout.trim(), 'done', stderr);
  };

  it('are terminated with connections open', async () => {
    const server = await startServer({ tick: 5 });
    await workers(server.url, '3', 'terminate', 'alone');
  });

  it('share the engine of the main thread', async () => {
    const server = await startServer({ echo: true });
    await workers(server.url, '3', 'echo', 'main');
  });

  const seed = process.env.WSR_SEED || String(Date.now() % 2 ** 31);
  it(`end at any moment, by themselves, by a throw or by others (WSR_SEED=${seed})`, async function () {
    // Workers of other runtimes are not environments of Node-API that are torn down one by one.
    if (runtime.name !== 'node') this.skip();
    this.timeout(WORKERS_MS + TEST_MS);
    const { signal, stdout, stderr } = await runScript(ENDINGS, [await endingsUrls(), '60', seed], {
      deadline: WORKERS_MS,
    });
    assert.strictEqual(signal, null, `it crashed or hung: ${stdout} ${stderr}`);
    assert.strictEqual(stdout.trim(), 'done', stderr);
  });

  for (const [where, how] of [
    ['alone', 'the addon loaded in workers alone'],
    ['main', 'the addon loaded in the main thread too'],
  ]) {
    it(`${WORKERS} come and go one after the other, ${how}`, async function () {
      // Workers of other runtimes are not environments of Node-API that are torn down one by one.
      if (runtime.name !== 'node') this.skip();
      this.timeout(WORKERS_MS + TEST_MS);
      const server = await startServer({ tick: 2 });
      await workers(server.url, WORKERS, 'terminate', where);
    });
  }
});
