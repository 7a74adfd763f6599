'use strict';

const assert = require('assert');
const path = require('path');
const { MessageChannel, markAsUntransferable } = require('worker_threads');
const { startServer } = require('./peer/index.js');
const { closeClients, openClient } = require('./support/clients.js');
const { block, runScript, runtime } = require('./support/runtime.js');

const program = (name) => path.join(__dirname, 'fast-paths', name);

describe('the fast paths', () => {
  afterEach(closeClients);

  for (const without of ['', 'write', 'read', 'runs', 'write,read,runs']) {
    it(`keep every message whole and in order${without && ` without ${without}`}`, async () => {
      const server = await startServer({ echo: true });
      const env = { WEBSOCKET_RECONNECT_NATIVE_WITHOUT: without };
      const { stdout, stderr } = await runScript(program('echo.js'), [server.url], { env });
      assert.strictEqual(stdout.trim(), 'in order', stderr);
    });
  }

  for (const without of ['', 'write', 'read', 'runs', 'write,read,runs']) {
    it(`count messages and bytes the same${without && ` without ${without}`}`, async () => {
      const server = await startServer({ echo: true });
      const env = { WEBSOCKET_RECONNECT_NATIVE_WITHOUT: without };
      const { stdout, stderr } = await runScript(program('counts.js'), [server.url, '4000'], { env });
      assert.ok(stdout, stderr);
      const bytes = 2000 * (5 + 4);
      const counted = { messagesIn: 4000, messagesOut: 4000, bytesIn: bytes, bytesOut: bytes };
      assert.deepStrictEqual(JSON.parse(stdout), counted);
    });
  }

  it('leave no ping unanswered while JavaScript is blocked', async () => {
    const server = await startServer({ greet: ['block'], tick: 10 });
    const answered = server.connected(1).then(() => server.pongs(50));
    const { signal } = await runScript(program('blocked.js'), [server.url], { until: answered });
    assert.strictEqual(signal, 'SIGKILL', 'it is blocked to its end');
    await answered;
  });

  for (const [kind, most] of [
    ['text', 1024],
    ['binary', 10 * 1024],
  ]) {
    it(`let a kept ${kind} keep no more than ${most} bytes alive`, async function () {
      // The others do not tell what their heaps hold.
      if (runtime.name !== 'node') this.skip();
      const [count, each] = [40000, 200];
      const server = await startServer({ plan: ['accept'] });
      const running = runScript(program('kept.js'), [server.url, String(count), String(each)], {
        exposeGc: true,
      });
      await server.connected(1);
      const payload = 'ab'.repeat(32);
      await server.send(kind === 'text' ? payload : Buffer.from(payload).toString('hex'), {
        binary: kind === 'binary',
        times: count,
      });
      const { stdout, stderr } = await running;
      const [bytes, kept] = stdout.split(' ').map(Number);
      assert.ok(kept >= 100, stderr);
      assert.ok(bytes / kept < most, `${kept} messages keep ${bytes} bytes`);
    });
  }

  const giveAway = {
    'to another thread': (data, port) => port.postMessage(data, [data.buffer]),
    'by transfer()': (data) => data.buffer.transfer(),
    'by transferToFixedLength()': (data) => data.buffer.transferToFixedLength(),
  };
  for (const how of Object.keys(giveAway)) {
    it(`let no handler give away the memory of the messages behind its own ${how}`, async function () {
      const toThread = how === 'to another thread';
      // Others, and Node before 14.5, cannot forbid it.
      if (toThread && (runtime.name !== 'node' || !markAsUntransferable)) this.skip();
      // It came with Node 21.
      if (!toThread && !ArrayBuffer.prototype.transfer) this.skip();
      const server = await startServer();
      const { ws } = await openClient({ url: server.url });
      const texts = [];
      const refusals = [];
      const { port1 } = new MessageChannel();
      const all = new Promise((resolve) => {
        ws.on('message', ({ data }) => {
          texts.push(data.toString());
          // The others are read together.
          if (texts.length === 1) block(200);
          try {
            giveAway[how](data, port1);
          } catch (error) {
            refusals.push(error.name);
          }
          if (texts.length === 50) resolve();
        });
      });
      await server.send(Buffer.from('a message').toString('hex'), { binary: true, times: 50 });
      await all;
      port1.close();
      assert.deepStrictEqual(texts, Array(50).fill('a message'));
      // Node 21 and later throw when it is for another thread, and 24 and later always; the others copy.
      const expected = toThread ? 'DataCloneError' : 'TypeError';
      assert.ok(
        refusals.every((name) => name === expected),
        String(refusals),
      );
    });
  }
});
