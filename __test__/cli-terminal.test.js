'use strict';

const assert = require('assert');
const { onTerminal, runs } = require('./cli/command.js');
const { deadPort, startServer } = require('./peer/index.js');

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_Z = '\u001a';

// The command needs Node 20, and is Node's; Windows has no pseudo-terminals in Python.
(runs && process.platform !== 'win32' ? describe : describe.skip)('wsr on a terminal', () => {
  it('shows the state and the round trip, sends what is typed, prints what arrives, and leaves at Ctrl-D', async () => {
    const server = await startServer({ echo: true });
    const { code, output } = await onTerminal(
      [server.url],
      [
        ['expect', 'wsr: connected to ws://127.0.0.1'],
        ['expect', '[open '],
        ['expect', ' ms] '],
        ['send', 'hello\r'],
        ['expect', '< hello\r\n'],
        ['expect', ' ms] '],
        ['send', CTRL_D],
        ['expect', "wsr: closed 1000 'Normal closure'"],
      ],
    );
    assert.strictEqual(code, 0);
    // Behind the last erasure there is no status line.
    const erased = '\u001b[0J';
    const left = output.slice(output.lastIndexOf(erased) + erased.length);
    assert.ok(!left.includes('['), JSON.stringify(output));
    assert.deepStrictEqual(
      (await server.received(1)).map(({ data }) => data),
      ['hello'],
    );
  });

  it('closes at Ctrl-C', async () => {
    const server = await startServer();
    const { code } = await onTerminal(
      [server.url],
      [
        ['expect', '[open'],
        ['send', 'not sent'],
        ['expect', 'not sent'],
        ['send', CTRL_C],
      ],
    );
    assert.strictEqual(code, 130);
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'Normal closure' });
  });

  it('reads on after Ctrl-Z and fg', async () => {
    const server = await startServer({ echo: true });
    const { code } = await onTerminal(
      [server.url],
      [
        ['expect', ' ms] '],
        ['send', CTRL_Z],
        ['expect', 'stopped'],
        ['send', '\r'],
        ['expect', ' ms] '],
        ['send', 'back\r'],
        ['expect', '< back'],
        ['send', CTRL_D],
      ],
      { shell: 'set -m; "$@"; echo stopped; read go; fg >/dev/null' },
    );
    assert.strictEqual(code, 0);
  });

  it('counts the seconds to the next retry, and keeps what is typed meanwhile', async () => {
    const server = await startServer({ echo: true });
    const told = {
      dies: () => server.stopListening().then(() => server.cut()),
      returns: () => server.listenAgain(),
    };
    const { code } = await onTerminal(
      ['-x', 'login', server.url],
      [
        ['expect', '< login'],
        ['tell', 'dies'],
        ['expect', '[retry 1 of 10 in 1 s]'],
        ['send', 'kept\r'],
        ['expect', '[retry 2 of 10 in 2 s]'],
        ['expect', '[retry 2 of 10 in 1 s]'],
        ['tell', 'returns'],
        ['expect', 'wsr: connected again after '],
        ['expect', '< login'],
        ['expect', '< kept'],
        ['expect', '[open '],
        ['send', CTRL_D],
      ],
      { told: (what) => told[what]() },
    );
    assert.ok([0, 3].includes(code), `ended with ${code}`);
    assert.deepStrictEqual(
      (await server.received(3)).map(({ data }) => data),
      ['login', 'login', 'kept'],
    );
  });

  it('leaves at Ctrl-D while there is no connection', async () => {
    const { code } = await onTerminal(
      [`ws://127.0.0.1:${await deadPort()}/`],
      [
        ['expect', '[retry 1 of 10'],
        ['send', CTRL_D],
      ],
    );
    assert.strictEqual(code, 0);
  });

  it('keeps what is being typed when a message arrives, over lines and a resize', async () => {
    const server = await startServer();
    const typed = 'a line that is longer than the terminal is wide';
    const { code, output } = await onTerminal(
      [server.url],
      [
        ['expect', ' ms] '],
        ['resize', 10, 30],
        ['send', typed],
        ['expect', 'wide'],
        ['tell', 'send'],
        ['expect', '< first'],
        ['expect', ' ms] '],
        ['expect', 'wide'],
        ['send', '!\r'],
        ['expect', ' ms] '],
        ['tell', 'stop'],
        ['send', CTRL_D],
      ],
      { told: (what) => (what === 'send' ? server.send('first') : server.received(1)) },
    );
    assert.strictEqual(code, 0);
    assert.strictEqual((await server.received(1))[0].data, `${typed}!`);
    // Two lines were drawn: what arrives begins where the first of them did.
    assert.ok(output.includes('\u001b[2A\u001b[1G\u001b[0J< first\r\n'), JSON.stringify(output));
  });

  it('has a status line while lines come from a pipe, and none in what is printed to one', async () => {
    const server = await startServer({ echo: true });
    const { code, output } = await onTerminal(
      ['-w', '-1', server.url],
      [
        ['expect', '[open '],
        ['expect', ' ms]'],
        ['tell', 'cut'],
        ['expect', '\u001b[1G\u001b[0Jwsr: closed 1006, not clean\r\n'],
        ['expect', '[retry 1 of 10 in 1 s]'],
        ['expect', 'wsr: connected again'],
        ['expect', '[open '],
        ['send', CTRL_C],
        ['expect', 'printed: piped in'],
      ],
      {
        told: async () => {
          await server.received(1);
          await server.cut();
        },
        // Ctrl-C reaches the shell as well.
        shell: 'trap "" INT; printed=$(echo piped in | "$@"); code=$?; echo "printed: $printed"; exit $code',
      },
    );
    assert.strictEqual(code, 130);
    assert.ok(output.endsWith('printed: piped in\r\n'), JSON.stringify(output));
  });

  it('has no line of a message look like another, and escapes what a terminal would obey', async () => {
    const server = await startServer({ greet: ['one\n< two\u001b[2J\u009b2J\r'] });
    const { output } = await onTerminal(
      [server.url],
      [
        ['expect', '\\x1b[2J\\x9b2J\\x0d'],
        ['send', CTRL_D],
      ],
    );
    assert.ok(output.includes('< one\r\n  < two\\x1b'), JSON.stringify(output));
  });

  it('has colours, and none with NO_COLOR', async () => {
    const server = await startServer({ greet: ['hi'] });
    const steps = [
      ['expect', 'hi'],
      ['expect', ' ms]'],
      ['send', CTRL_D],
    ];
    const coloured = await onTerminal([server.url], steps, { env: { NO_COLOR: '' } });
    assert.ok(coloured.output.includes('\u001b[36m<\u001b[0m hi'), JSON.stringify(coloured.output));
    const plain = await onTerminal([server.url], steps);
    assert.ok(!plain.output.includes('m<'), JSON.stringify(plain.output));
  });

  it('has no status line on a terminal that cannot move its cursor', async () => {
    const server = await startServer({ echo: true });
    const { code, output } = await onTerminal(
      [server.url],
      [
        ['send', 'hi\r'],
        ['expect', '< hi'],
        ['send', CTRL_D],
      ],
      { env: { TERM: 'dumb' } },
    );
    assert.strictEqual(code, 0);
    assert.ok(!output.includes('\u001b') && !output.includes('[open'), JSON.stringify(output));
  });
});
