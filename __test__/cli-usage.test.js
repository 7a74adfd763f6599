'use strict';

const assert = require('assert');
const { readFileSync } = require('fs');
const path = require('path');
const { runs, start, wsr } = require('./cli/command.js');
const { startServer } = require('./peer/index.js');
const { runtime, runScript } = require('./support/runtime.js');

const ROOT = path.join(__dirname, '..');

// What is no Node has a version of Node's that says nothing about it.
(runtime.name === 'node' && runtime.nodeMajor < 20 ? describe : describe.skip)('wsr below Node 20', () => {
  it('says what it needs', async () => {
    const { code, stderr } = await runScript(path.join(ROOT, 'bin', 'wsr.js'), ['ws://127.0.0.1:1']);
    assert.strictEqual(stderr, `wsr: needs Node 20 or later; this is ${process.version}\n`);
    assert.strictEqual(code, 2);
  });
});

// The command needs Node 20, and is Node's.
(runs ? describe : describe.skip)('how wsr is called', () => {
  const { OPTIONS } = runs ? require('../lib/cli/arguments.js') : { OPTIONS: [] };
  const { MEANINGS } = require('../lib/cli/exit-codes.js');
  const text = readFileSync(path.join(ROOT, 'docs', 'cli.md'), 'utf8');

  it('tells every option and exit code in its help and in docs/cli.md', async () => {
    const { code, stdout } = await wsr('', '--help');
    assert.strictEqual(code, 0);
    for (const { name, short } of OPTIONS) {
      assert.ok(stdout.includes(`${short ? `-${short}, ` : '    '}--${name}`), name);
      assert.ok(text.includes(`| \`${short ? `-${short}\`, \`` : ''}--${name}`), `docs/cli.md lacks ${name}`);
    }
    for (const [exitCode, says] of MEANINGS) {
      assert.ok(stdout.includes(`${exitCode}`.padEnd(5) + says), says);
      assert.ok(text.includes(`| ${exitCode} | ${says} |`), `docs/cli.md lacks ${exitCode}`);
    }
  });

  it('tells the same help of the demo and of the simulator', async () => {
    const { stdout: whole } = await wsr('', '--help');
    for (const command of ['demo', 'simulate']) {
      const { code, stdout } = await wsr('', command, '--help');
      assert.deepStrictEqual([code, stdout], [0, whole], command);
    }
  });

  it('tells its version', async () => {
    assert.strictEqual((await wsr('', '-V')).stdout, `${require('../package.json').version}\n`);
  });

  it('refuses what is wrong, with the reason and exit code 2', async () => {
    const url = 'ws://127.0.0.1:1';
    const wrong = [
      [[], 'one URL is needed, there are 0'],
      [[url, url], 'one URL is needed, there are 2'],
      [['ftp://here'], 'allowed are ws:, wss:, http:, https:, ws+unix: and wss+unix:'],
      [['--nonsense', url], '--nonsense'],
      [['-w', 'soon', url], "--wait: 'soon' is no time"],
      [['--timeout', '-1', url], "--timeout: '-1' is no time"],
      [['--max-retries', '1.5', url], "--max-retries: '1.5' is neither"],
      [['-H', 'nothing', url], '--header'],
      [['-H', 'a b: c', url], 'header name'],
      [['--ca', '/no/such/file', url], '--ca: ENOENT'],
      [['--hex', '-x', 'xyz', url], "--on-open: 'xyz' is no hex"],
      [['--json', '--pretty', url], '--json and --pretty'],
      [['--replay', __filename, url], '--replay: line 1 is no record of --json'],
      [['simulate', '--nonsense', '1'], '--nonsense'],
      [['demo', '--nonsense'], 'demo takes a URL alone'],
    ];
    for (const [args, reason] of wrong) {
      const { code, stdout, stderr } = await wsr('', ...args);
      assert.ok(stderr.startsWith('wsr: ') && stderr.includes(reason), `${args}: ${stderr}`);
      assert.deepStrictEqual([code, stdout], [2, ''], String(args));
    }
  });

  it('simulates a herd', async () => {
    const { code, stdout } = await wsr('', 'simulate', '--clients', '100', '--jitter', 'full,none');
    assert.strictEqual(code, 0);
    assert.ok(/^\| full +\|.*\n\| none +\|/m.test(stdout), stdout);
    assert.ok(/\n100 clients, in \d+\.\d s\n$/.test(stdout), stdout);
  });

  it('shows the demo', async () => {
    const server = await startServer({ echo: true });
    const { code, stdout } = await wsr('', 'demo', server.url);
    assert.strictEqual(code, 0, stdout);
    assert.ok(/All \d+ checks were seen to hold/.test(stdout), stdout);
    // The whole of the other one measures times, and is seen where nothing else runs: by scripts/test-pack.js.
    const local = start('demo');
    await local.printed("'hello' came back from the server");
    local.child.kill();
    await local.ended;
  });

  it('holds the process for nothing but its session', async () => {
    const server = await startServer();
    const running = start('-w', '0', server.url);
    running.child.stdin.end();
    assert.strictEqual((await running.ended).code, 0);
  });
});
