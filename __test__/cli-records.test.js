'use strict';

const assert = require('assert');
const { mkdtempSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { runs, start, wsr } = require('./cli/command.js');
const { deadPort, startServer } = require('./peer/index.js');

// The command needs Node 20, and is Node's.
(runs ? describe : describe.skip)('the records of wsr', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-'));
  const file = path.join(folder, 'record.jsonl');
  after(() => rmSync(folder, { recursive: true }));

  const withoutTimes = (records) =>
    records.map(({ time, ...rest }) => {
      assert.ok(!Number.isNaN(Date.parse(time)) && time.endsWith('Z'), time);
      return rest;
    });

  it('have each event of a life, in order and with its time', async () => {
    const server = await startServer();
    const running = start('--json', '-x', 'login', server.url);
    await server.received(1);
    await server.send('hi \u001b\u009b\u202e');
    await server.send('00ff', { binary: true });
    await running.printed('AP8=');
    await server.cut();
    await running.printed('"isReconnect":true');
    running.child.stdin.end('bye\n');
    const { code, stderr } = await running.ended;
    assert.strictEqual(stderr, '');
    const records = withoutTimes(running.records);
    const named = (name) => records.filter(({ event }) => event === name);
    assert.deepStrictEqual(
      named('state').map(({ state }) => state),
      ['CONNECTING', 'OPEN', 'CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'],
    );
    assert.deepStrictEqual(named('sent'), [
      { event: 'sent', type: 'text', data: 'login', onOpen: true },
      { event: 'sent', type: 'text', data: 'login', onOpen: true },
      { event: 'sent', type: 'text', data: 'bye' },
    ]);
    assert.deepStrictEqual(named('message'), [
      { event: 'message', type: 'text', data: 'hi \u001b\u009b\u202e' },
      { event: 'message', type: 'binary', base64: 'AP8=' },
    ]);
    assert.deepStrictEqual(named('close'), [
      { event: 'close', code: 1006, reason: '', wasClean: false },
      { event: 'close', code: 1000, reason: 'Normal closure', wasClean: true },
    ]);
    assert.strictEqual(named('retry')[0].attempt, 1);
    assert.deepStrictEqual(
      named('open').map(({ isReconnect }) => isReconnect),
      [false, true],
    );
    const hasLost = named('unconfirmed').length > 0;
    assert.strictEqual(code, hasLost ? 3 : 0);
    // Nothing in it is obeyed by a terminal.
    assert.ok(!/(?!\n)[\p{Cc}\p{Bidi_Control}]/u.test(running.stdout));
  });

  it('have errors, and the end of a client that gives up', async () => {
    const { code, stdout } = await wsr(
      '',
      '--json',
      '--max-retries',
      '0',
      `ws://127.0.0.1:${await deadPort()}/`,
    );
    assert.strictEqual(code, 1);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.strictEqual(records.find(({ event }) => event === 'error').code, 'ECONNREFUSED');
    const { event, reason } = records[records.length - 1];
    assert.deepStrictEqual([event, reason], ['giveup', 'MAX_RETRIES']);
  });

  it('have what --stats tells', async () => {
    const server = await startServer({ echo: true });
    const { stdout } = await wsr('ä\n', '--json', '--stats', server.url);
    const [{ event, messagesIn, bytesOut, connects, rtt }] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .slice(-1);
    assert.deepStrictEqual([event, messagesIn, bytesOut, connects, rtt.last > 0], ['stats', 1, 2, 1, true]);
  });

  it('are replayed: what was sent, in its times', async () => {
    const server = await startServer();
    const running = start('--json', '-x', 'login', server.url);
    running.child.stdin.write('one\n');
    await server.received(2);
    await server.later(700, 'mark');
    await server.marked();
    running.child.stdin.end('two\n');
    writeFileSync(file, (await running.ended).stdout);
    const { code, stdout } = await wsr('not read\n', '--json', '--replay', file, server.url);
    assert.strictEqual(code, 0);
    const sent = (text) =>
      text
        .split('\n')
        .filter((line) => line.includes('"sent"'))
        .map((line) => JSON.parse(line));
    const replayed = sent(stdout);
    assert.deepStrictEqual(
      replayed.map(({ data }) => data),
      ['one', 'two'],
    );
    const [first, second] = replayed.map(({ time }) => Date.parse(time));
    assert.ok(second - first >= 600, `${second - first} ms between them`);
  });

  it('are not replayed where a line is none, or has no message', async () => {
    const time = new Date().toISOString();
    const good = JSON.stringify({ time, event: 'sent', type: 'text', data: 'x' });
    for (const line of [
      'x',
      '1',
      'null',
      '{}',
      '{"event":"open"}',
      `{"time":"${time}"}`,
      `{"time":"${time}","event":"sent"}`,
    ]) {
      writeFileSync(file, `${good}\n${line}\n`);
      const { code, stderr } = await wsr('', '--replay', file, 'ws://127.0.0.1:1');
      assert.ok(stderr.startsWith('wsr: --replay: line 2 is no record of --json\n'), stderr);
      assert.strictEqual(code, 2);
    }
  });

  it('are replayed with bytes, by hand as well', async () => {
    const server = await startServer();
    const at = (ms) => new Date(ms).toISOString();
    writeFileSync(
      file,
      `{"time":"${at(5000)}","event":"sent","type":"binary","base64":"AP8="}\n\n{"time":"${at(5100)}","event":"sent","type":"text","data":"x"}`,
    );
    assert.strictEqual((await wsr('', '--replay', file, server.url)).code, 0);
    assert.deepStrictEqual(
      (await server.received(2)).map(({ type, data }) => [type, data]),
      [
        ['binary', '00ff'],
        ['text', 'x'],
      ],
    );
  });
});
