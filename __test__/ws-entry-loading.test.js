'use strict';

const assert = require('assert');
const { mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { startServer } = require('./peer/index.js');
const { runScript, runtime } = require('./support/runtime.js');
const WebSocket = require('../ws.js');

const ENTRY = JSON.stringify(path.join(__dirname, '..', 'ws.js'));
const REAL = JSON.stringify(path.join(__dirname, '..', 'node_modules', 'ws'));

const folders = [];

/** A project in a folder of its own: files by their paths in it. */
function project(files) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-ws-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/** Runs a script of it, started in its folder, and gives what it prints. */
async function run(folder, script) {
  const start = path.join(folder, 'start.js');
  const from = `process.chdir(${JSON.stringify(folder)});`;
  writeFileSync(start, `${from} import(${JSON.stringify(`file://${path.join(folder, script)}`)});`);
  const { code, stdout, stderr } = await runScript(start);
  assert.strictEqual(code, 0, stderr);
  return stdout.trim();
}

const SERVER = `
  new WebSocketServer({ noServer: true }).close();
  console.log(new Server({ noServer: true }) instanceof WebSocketServer, 'handleUpgrade' in WebSocketServer.prototype);
`;

describe('the entry for those who import ws', () => {
  afterEach(() => {
    // Node has the first from 14.14 on.
    for (const folder of folders.splice(0)) (rmSync || rmdirSync)(folder, { recursive: true });
  });

  it('sends and hears', async () => {
    const server = await startServer({ echo: true });
    const ws = new WebSocket(server.url);
    await new Promise((resolve) => ws.on('open', resolve));
    const heard = new Promise((resolve) => ws.on('message', (...given) => resolve(given)));
    ws.send('hello');
    assert.deepStrictEqual(await heard, [Buffer.from('hello'), false]);
    const closed = new Promise((resolve) => ws.on('close', resolve));
    ws.close(1000);
    assert.strictEqual(await closed, 1000);
  });

  it('throws what a handler throws, and an error that nobody listens to, as uncaughtException', async () => {
    const server = await startServer();
    const folder = project({
      'main.cjs': `
        const WebSocket = require(${ENTRY});
        const seen = [];
        process.on('uncaughtException', (error) => {
          seen.push(error.code || error.message);
          if (seen.length === 2) console.log(seen.sort().join()), process.exit();
        });
        new WebSocket('ws://127.0.0.1:1/');
        new WebSocket(${JSON.stringify(server.url)}).on('open', () => { throw new Error('thrown'); });`,
    });
    assert.strictEqual(await run(folder, 'main.cjs'), 'ECONNREFUSED,thrown');
  });

  it('refuses the options that cannot work here', () => {
    for (const options of [{ finishRequest() {} }, { autoPong: false }]) {
      assert.throws(() => new WebSocket('ws://127.0.0.1:1/', options), {
        code: 'WSR_ERR_UNSUPPORTED_OPTION',
      });
    }
    assert.throws(() => new WebSocket('wss+unix:///tmp/x'), SyntaxError);
  });

  it('takes the place of ws in a bundle by an alias, and stays outside of it', function () {
    // The bundler needs a newer Node than the package does.
    if (runtime.name !== 'node' || runtime.nodeMajor < 18) this.skip();
    const { outputFiles } = require('esbuild').buildSync({
      stdin: {
        contents: "import { WebSocket } from 'ws';\nconsole.log(WebSocket.name);",
        resolveDir: __dirname,
      },
      bundle: true,
      platform: 'node',
      alias: { ws: 'websocket-reconnect-native/ws' },
      external: ['websocket-reconnect-native'],
      write: false,
    });
    const [{ text }] = outputFiles;
    assert.deepStrictEqual(text.match(/require\("[^"]+"\)/g), ['require("websocket-reconnect-native/ws")']);
  });

  describe('what it has of the real ws', function () {
    // Bun and Deno have a module `ws` of their own.
    before(function () {
      if (runtime.name !== 'node') this.skip();
    });

    it('is that which is installed', async () => {
      const folder = project({
        'main.cjs': `const { Server, WebSocketServer } = require(${ENTRY});${SERVER}`,
      });
      assert.strictEqual(await run(folder, 'main.cjs'), 'true true');
    });

    it('can be extended', async () => {
      const { WebSocketServer } = WebSocket;
      class Mine extends WebSocketServer {
        mine() {
          return this.options.noServer;
        }
      }
      const server = new Mine({ noServer: true });
      assert.ok(server.mine() && server instanceof WebSocketServer);
    });

    // This package's own ws must be out of reach, so a copy of its JavaScript stands elsewhere.
    const copied = (files) => {
      const { cpSync } = require('fs');
      const folder = project(files);
      const root = path.join(__dirname, '..');
      const to = path.join(folder, 'node_modules', 'websocket-reconnect-native');
      for (const part of ['index.js', 'index.mjs', 'ws.js', 'ws.mjs', 'package.json', 'lib', 'native']) {
        cpSync(path.join(root, part), path.join(to, part), { recursive: true });
      }
      return folder;
    };

    /** What takes the place of ws, as docs/ws.md has it. */
    const IN_PLACE = {
      'node_modules/ws/package.json': JSON.stringify({
        name: 'ws',
        version: '8.99.0',
        exports: { import: './index.mjs', require: './index.js' },
      }),
      'node_modules/ws/index.js': "module.exports = require('websocket-reconnect-native/ws');",
      'node_modules/ws/index.mjs':
        "export * from 'websocket-reconnect-native/ws';\nexport { default } from 'websocket-reconnect-native/ws';",
    };

    const TRIED =
      'try { new WebSocketServer({ noServer: true }); } catch (error) { console.log(error.code); }';

    // Node copies folders from 16.7 on.
    const itWhereCopied = runtime.nodeMajor >= 18 ? it : it.skip;

    itWhereCopied('is not there where none is installed, which the first use tells', async () => {
      const folder = copied({
        'main.cjs': `const { WebSocketServer } = require('websocket-reconnect-native/ws');${TRIED}`,
      });
      assert.strictEqual(await run(folder, 'main.cjs'), 'WSR_ERR_NO_WS');
    });

    itWhereCopied('is not this package itself, where that stands in the place of ws', async () => {
      const folder = copied({
        ...IN_PLACE,
        'main.cjs': `const { WebSocketServer } = require('ws');${TRIED}`,
      });
      assert.strictEqual(await run(folder, 'main.cjs'), 'WSR_ERR_NO_WS');
    });

    itWhereCopied('is that under the name ws-real then, for import too', async () => {
      const folder = copied({
        ...IN_PLACE,
        'node_modules/ws-real/index.js': `module.exports = require(${REAL});`,
        'main.mjs': `import WebSocket, { Server, WebSocketServer, WebSocket as same, createWebSocketStream } from 'ws';
          import { WebSocket as own } from 'websocket-reconnect-native/ws';
          if (WebSocket !== same || same !== own || !createWebSocketStream) throw new Error('not the same');${SERVER}`,
      });
      assert.strictEqual(await run(folder, 'main.mjs'), 'true true');
    });
  });
});
