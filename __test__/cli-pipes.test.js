'use strict';

const assert = require('assert');
const { spawn } = require('child_process');
const { once } = require('events');
const { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { PROGRAM, runs, start, wsr } = require('./cli/command.js');
const { certificates } = require('./peer/certificates.js');
const { deadPort, startServer } = require('./peer/index.js');
const { startProxy, stopProxies } = require('./support/proxies.js');
const { until } = require('./support/waiting.js');

// The command needs Node 20, and is Node's: what it says elsewhere cli-usage.test.js tests.
(runs ? describe : describe.skip)('wsr in pipes', () => {
  /** A line of the messages that came: `connection data`. */
  const lines = (messages) => messages.map(({ connection, data }) => `${connection} ${data}`);

  it('sends each line, prints each message, waits for the answers and says nothing else', async () => {
    const server = await startServer({ echo: true });
    assert.deepStrictEqual(await wsr('one\r\n\nlast, without an end', server.url), {
      code: 0,
      signal: null,
      stdout: 'one\n\nlast, without an end\n',
      stderr: '',
    });
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'Normal closure' });
  });

  it('connects by the proxy of --proxy', async () => {
    const server = await startServer({ echo: true });
    const proxy = await startProxy();
    const url = `ws://server.test:${server.port}/`;
    assert.strictEqual((await wsr('hi', '--proxy', proxy.url, url)).stdout, 'hi\n');
    assert.strictEqual(proxy.requests.length, 1);
    stopProxies();
  });

  it('stays for as long as it is asked to', async () => {
    const server = await startServer({ greet: ['late'], greetAfter: 1500 });
    assert.strictEqual((await wsr('', '-w', '100ms', server.url)).stdout, '');
    assert.strictEqual((await wsr('', '--wait', '5', '-x', 'hi', server.url)).stdout, 'late\n');
  });

  it('stays for ever with -w -1, over the end of connections', async () => {
    const server = await startServer({ echo: true });
    const running = start('-w', '-1', '-x', 'subscribe', server.url);
    running.child.stdin.end();
    await server.received(1);
    await server.close(1000);
    await server.received(2);
    await running.printed('subscribe\nsubscribe\n');
    running.child.kill('SIGTERM');
    assert.strictEqual((await running.ended).code, 143);
  });

  it('ends with the server, once the input has ended', async () => {
    const server = await startServer();
    const endings = [
      [1000, 0],
      [1001, 0],
      [1011, 3],
      [4001, 3],
    ];
    for (const [i, [closeCode, exitCode]] of endings.entries()) {
      const running = start('-w', '60', '-x', 'hi', server.url);
      running.child.stdin.end();
      await server.received(i + 1);
      await server.close(closeCode, 'enough');
      assert.strictEqual((await running.ended).code, exitCode, `after ${closeCode}`);
    }
    const running = start('-w', '60', '-x', 'hi', server.url);
    running.child.stdin.end();
    await server.received(endings.length + 1);
    await server.cut();
    assert.strictEqual((await running.ended).code, 3, 'after a cut');
  });

  it('sends the lines of --on-open first, after each connect', async () => {
    const server = await startServer();
    const running = start('-x', 'login', '-x', 'subscribe', server.url);
    running.child.stdin.write('before\n');
    await server.received(3);
    await server.stopListening();
    await server.cut();
    await running.printed('retry 1 of 10');
    running.child.stdin.write('meanwhile\n');
    await server.listenAgain();
    await server.received(6);
    running.child.stdin.end('after\n');
    const { code, stderr } = await running.ended;
    assert.deepStrictEqual(lines(await server.received(7)), [
      '0 login',
      '0 subscribe',
      '0 before',
      '1 login',
      '1 subscribe',
      '1 meanwhile',
      '1 after',
    ]);
    assert.ok(/^wsr: closed 1006, not clean$/m.test(stderr), stderr);
    assert.ok(/^wsr: connected again after \d/m.test(stderr), stderr);
    assert.ok(code === 0 || stderr.includes('may not have arrived'), `${code}: ${stderr}`);
  });

  it('tells what may not have arrived, by a note and by its exit code', async () => {
    const server = await startServer({ plan: ['bare', 'accept'] });
    const running = start(server.url);
    running.child.stdin.write('one\ntwo\n');
    await server.received(2);
    await server.cut();
    await running.printed('connected again');
    running.child.stdin.end();
    const { code, stderr } = await running.ended;
    assert.ok(stderr.includes('wsr: 2 messages may not have arrived\n'), stderr);
    assert.strictEqual(code, 3);
  });

  it('gives up after its retries, and says what was not sent', async () => {
    const running = start('--max-retries', '1', `ws://127.0.0.1:${await deadPort()}/`);
    running.child.stdin.write('hi\n');
    const { code, stdout, stderr } = await running.ended;
    assert.strictEqual(code, 1);
    assert.strictEqual(stdout, '');
    assert.ok(/^wsr: .*ECONNREFUSED/.test(stderr), stderr);
    assert.ok(stderr.includes('wsr: gave up: '), stderr);
    assert.ok(stderr.includes('wsr: what was left of the input was not sent\n'), stderr);
  });

  it('gives up at once where the server refuses for good, and shows what it says', async () => {
    const server = await startServer({
      plan: ['refuse'],
      status: 401,
      body: 'no \u001b[31mtoken\nwsr: ok\n',
    });
    const { code, stderr } = await wsr('', server.url);
    assert.strictEqual(code, 1);
    assert.ok(stderr.includes('401'), stderr);
    assert.ok(stderr.includes('no \\x1b[31mtoken\n  wsr: ok\n'), stderr);
    assert.strictEqual((await server.handshakes()).length, 1);
  });

  it('gives up where the server closes for good', async () => {
    const server = await startServer();
    const running = start('-x', 'hi', server.url);
    await server.received(1);
    await server.close(1003, 'no texts');
    const { code, stderr } = await running.ended;
    assert.ok(stderr.includes("wsr: closed 1003 'no texts'\n"), stderr);
    assert.strictEqual(code, 3);
  });

  it('never gives up with --max-retries inf', async () => {
    const running = start('--max-retries', 'inf', `ws://127.0.0.1:${await deadPort()}/`);
    await running.printed('wsr: retry 1 in ');
    running.child.kill('SIGINT');
    await running.ended;
  });

  it('gives up an attempt after --timeout', async () => {
    const server = await startServer({ plan: ['silent'] });
    const { code, stderr } = await wsr('', '--timeout', '200ms', '--max-retries', '0', server.url);
    assert.strictEqual(code, 1);
    assert.ok(stderr.includes('200'), stderr);
  });

  it('closes at SIGINT, and leaves at the second one', async () => {
    const server = await startServer({ plan: ['accept', 'bare'] });
    const running = start('-x', 'hi', server.url);
    await server.received(1);
    running.child.kill('SIGINT');
    assert.strictEqual((await running.ended).code, 130);
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'Normal closure' });
    const stubborn = start('-x', 'hi', server.url);
    await server.received(2);
    stubborn.child.kill('SIGINT');
    await server.ended();
    stubborn.child.kill('SIGINT');
    assert.strictEqual((await stubborn.ended).code, 130);
  });

  it('leaves at the second SIGINT also where nobody takes what it prints', async () => {
    const server = await startServer({ burst: { count: 3000, size: 10000 } });
    const running = start('--stats', '-x', 'hi', server.url);
    running.child.stdout.pause();
    await server.received(1);
    await server.later(500, 'mark');
    await server.marked();
    running.child.kill('SIGINT');
    await running.printed('connection');
    const exited = new Promise((resolve) => running.child.on('exit', resolve));
    running.child.kill('SIGINT');
    assert.strictEqual(await exited, 130);
    running.child.stdout.resume();
    await running.ended;
  });

  it('leaves at SIGINT while it waits to retry', async () => {
    const running = start(`ws://127.0.0.1:${await deadPort()}/`);
    await running.printed('retry 2 of 10');
    running.child.kill('SIGINT');
    assert.strictEqual((await running.ended).code, 130);
  });

  it('ends in silence when nobody reads its output any more', async () => {
    const server = await startServer({ burst: { count: 20000, size: 1000 } });
    const running = start(server.url);
    await running.printed('0 ...');
    running.child.stdout.destroy();
    const { code, stderr } = await running.ended;
    assert.deepStrictEqual([code, stderr], [0, '']);
  });

  // Linux has a device that is always full.
  (process.platform === 'linux' ? it : it.skip)('fails when its output cannot be written', async () => {
    const server = await startServer({ echo: true });
    const full = openSync('/dev/full', 'w');
    const stdio = ['ignore', full, 'pipe'];
    const child = spawn(process.execPath, [PROGRAM, '-w', '-1', '-x', 'hi', server.url], { stdio });
    closeSync(full);
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const [code] = await once(child, 'close');
    assert.deepStrictEqual([code, stderr], [1, 'wsr: ENOSPC: no space left on device, write\n']);
  });

  it('prints all of a flood to a reader that is slow', async () => {
    const [count, size] = [3000, 10000];
    const server = await startServer({ burst: { count, size } });
    const running = start('-x', 'hi', server.url);
    running.child.stdout.pause();
    await server.received(1);
    await server.later(500, 'mark');
    await server.marked();
    running.child.stdout.resume();
    await until(() => running.stdout.length >= count * (size + 1));
    running.child.stdin.end();
    const { code, stdout } = await running.ended;
    assert.strictEqual(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.ok(lines.length === count && lines.every((line, i) => line.startsWith(`${i} `)));
  });

  it('sends all of a long input, in order', async () => {
    const server = await startServer();
    const count = 5000;
    const input = Array.from({ length: count }, (_, i) => `${i} `.padEnd(1000, '.')).join('\n');
    assert.strictEqual((await wsr(input, server.url)).code, 0);
    const messages = await server.received(count);
    assert.ok(messages.length === count && messages.every(({ data }, i) => data.startsWith(`${i} `)));
  });

  it('escapes the control characters of what arrives', async () => {
    const server = await startServer();
    const running = start('-x', 'hi', server.url);
    await server.received(1);
    await server.send(
      '\u001b]0;title\u0007 \u009b31m \r \u0000\u007f \u202egnp.exe \u2066 tab\there, "\\" and ä',
    );
    await server.send('two\nlines');
    await server.send('1b41ff', { binary: true });
    await server.send('c3a41b', { binary: true });
    await server.send('end');
    await running.printed('end\n');
    running.child.stdin.end();
    assert.strictEqual(
      (await running.ended).stdout,
      '\\x1b]0;title\\x07 \\x9b31m \\x0d \\x00\\x7f \\u202egnp.exe \\u2066 tab\there, "\\" and ä\n' +
        'two\nlines\n\\x1bA\\xff\nä\\x1b\nend\n',
    );
  });

  it('escapes the reason of a close frame', async () => {
    const server = await startServer();
    const running = start('-x', 'hi', server.url);
    await server.received(1);
    await server.close(4000, '\u001b[2J');
    await running.printed("closed 4000 '\\x1b[2J'");
    running.child.kill('SIGINT');
    await running.ended;
  });

  it('sends lines as binary messages with --binary, byte for byte', async () => {
    const server = await startServer({ echo: true });
    const { stdout } = await wsr(Buffer.from('c3a4ff0a62', 'hex'), '--binary', server.url);
    assert.deepStrictEqual(await server.received(2), [
      { connection: 0, type: 'binary', data: 'c3a4ff' },
      { connection: 0, type: 'binary', data: '62' },
    ]);
    assert.strictEqual(stdout, '\\xc3\\xa4\\xff\nb\n');
  });

  it('reads and prints hex with --hex, and refuses what is none', async () => {
    const server = await startServer({ echo: true });
    const { code, stdout, stderr } = await wsr('00 1b FF\nxyz\nabc\n\n', '--hex', '-x', 'cafe', server.url);
    assert.strictEqual(stdout, 'cafe\n001bff\n\n');
    assert.strictEqual(stderr, "wsr: no hex, and not sent: 'xyz'\nwsr: no hex, and not sent: 'abc'\n");
    assert.strictEqual(code, 2);
  });

  it('indents JSON with --pretty, and leaves what is none', async () => {
    const server = await startServer({ echo: true });
    const { stdout } = await wsr('{"a":[1,"\\u001b"]}\nnot {\n', '--pretty', server.url);
    assert.strictEqual(stdout, '{\n  "a": [\n    1,\n    "\\u001b"\n  ]\n}\nnot {\n');
  });

  it('sends headers, subprotocols and the origin', async () => {
    const server = await startServer({ protocol: 'b' });
    const args = [
      '-H',
      'X-One: 1: a',
      '-H',
      'X-Two:2',
      '-s',
      'a',
      '-s',
      'b',
      '--origin',
      'http://here',
      '--json',
    ];
    const { code, stdout } = await wsr('', '-w', '0', ...args, server.url);
    assert.strictEqual(code, 0);
    const [{ headers }] = await server.handshakes();
    assert.strictEqual(headers['x-one'], '1: a');
    assert.strictEqual(headers['x-two'], '2');
    assert.strictEqual(headers['sec-websocket-protocol'], 'a,b');
    assert.strictEqual(headers.origin, 'http://here');
    assert.ok(stdout.includes('"protocol":"b"'), stdout);
  });

  it('pings as often as --ping says', async () => {
    const server = await startServer();
    const running = start('--ping', '50ms', '-x', 'hi', server.url);
    await server.received(1);
    while ((await server.pings()) < 5);
    running.child.kill('SIGINT');
    await running.ended;
  });

  it('tells at the end what went to and fro with --stats', async () => {
    const server = await startServer({ echo: true });
    const { stderr } = await wsr('ä\nb\n', '--stats', server.url);
    assert.ok(
      /^wsr: 2 messages in \(3 B\), 2 out \(3 B\), 1 connection, \d+\.\d s, round trip last /.test(stderr),
      stderr,
    );
  });

  describe('over TLS', () => {
    let folder;
    const file = (name, text) => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    beforeEach(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('trusts nothing unknown, all with -k, and what --ca says', async () => {
      const { ca, leaf } = certificates();
      const server = await startServer({ tls: leaf, echo: true });
      const strict = await wsr('hi', '--max-retries', '0', server.url);
      assert.strictEqual(strict.code, 1);
      assert.ok(strict.stderr.includes('certificate'), strict.stderr);
      assert.strictEqual((await wsr('hi', '-k', server.url)).stdout, 'hi\n');
      assert.strictEqual((await wsr('hi', '--ca', file('ca.pem', ca), server.url)).stdout, 'hi\n');
    });

    it('shows the certificate of --cert and --key', async () => {
      const { ca, leaf, client } = certificates();
      const server = await startServer({ tls: { ...leaf, ca, requestCert: true }, echo: true });
      const mine = ['--cert', file('cert.pem', client.cert), '--key', file('key.pem', client.key)];
      assert.strictEqual((await wsr('hi', '-k', ...mine, server.url)).stdout, 'hi\n');
      assert.strictEqual((await server.handshakes())[0].certificate.CN, 'the client');
    });
  });
});
