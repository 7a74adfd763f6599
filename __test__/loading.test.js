'use strict';

const assert = require('assert');
const { mkdirSync, mkdtempSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { runScript } = require('./support/runtime.js');

const ROOT = path.join(__dirname, '..');
const PRINT =
  'console.log(typeof WebSocketReconnect, new WebSocketReconnect({ url: "ws://localhost" }).state);\n';

describe('loading', () => {
  let folder;
  let written;

  const write = (name, text) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    written.push(file);
    return file;
  };

  /** A project that has the package among its modules. */
  before(() => {
    written = [];
    folder = mkdtempSync(path.join(os.tmpdir(), 'loading-'));
    write('package.json', '{"type":"commonjs","dependencies":{"websocket-reconnect-native":"*"}}');
    mkdirSync(path.join(folder, 'node_modules'));
    symlinkSync(ROOT, path.join(folder, 'node_modules', 'websocket-reconnect-native'), 'junction');
  });

  after(() => {
    for (const file of written) unlinkSync(file);
    unlinkSync(path.join(folder, 'node_modules', 'websocket-reconnect-native'));
    rmdirSync(path.join(folder, 'node_modules'));
    rmdirSync(folder);
  });

  const prints = async (name, text) => {
    const { stdout, stderr } = await runScript(write(name, text));
    assert.strictEqual(stdout.trim(), 'function CLOSED', stderr);
  };

  it('is required by its name', () =>
    prints('name.js', `const { WebSocketReconnect } = require('websocket-reconnect-native');\n${PRINT}`));

  it('is imported by its name', () =>
    prints('name.mjs', `import { WebSocketReconnect } from 'websocket-reconnect-native';\n${PRINT}`));

  it("is required by the skill's own path inside the package", () => {
    const script = 'websocket-reconnect-native/scripts/websocket-reconnect.js';
    return prints('script.js', `const { WebSocketReconnect } = require('${script}');\n${PRINT}`);
  });

  it("is required by the skill's own path as a file", () => {
    const script = './node_modules/websocket-reconnect-native/scripts/websocket-reconnect.js';
    return prints('file.js', `const { WebSocketReconnect } = require('${script}');\n${PRINT}`);
  });

  for (const [name, text] of [
    ['websocket.js', "const { WebSocket } = require('websocket-reconnect-native/websocket');"],
    ['websocket.mjs', "import { WebSocket } from 'websocket-reconnect-native/websocket';"],
    ['register.js', "require('websocket-reconnect-native/register');"],
    ['register.mjs', "import 'websocket-reconnect-native/register';"],
  ]) {
    it(`has its WebSocket class by ${text}`, async () => {
      const { stdout, stderr } = await runScript(
        write(name, `${text}\nconsole.log(typeof WebSocket.withOptions);`),
      );
      assert.strictEqual(stdout.trim(), 'function', stderr);
    });
  }

  for (const [name, text] of [
    ['otel.js', "const { instrument } = require('websocket-reconnect-native/opentelemetry');"],
    ['otel.mjs', "import { instrument } from 'websocket-reconnect-native/opentelemetry';"],
  ]) {
    it(`sees clients for OpenTelemetry by ${text}`, async function () {
      // Node has diagnostics_channel from 14.17 and 15.1 on.
      if (process.versions.node.startsWith('14.0.')) this.skip();
      const { stdout, stderr } = await runScript(write(name, `${text}\nconsole.log(typeof instrument());`));
      assert.strictEqual(stdout.trim(), 'function', stderr);
    });
  }

  it('is one and the same class by every way', async () => {
    const script = write(
      'same.mjs',
      `import { createRequire } from 'module';
      import { WebSocketReconnect } from 'websocket-reconnect-native';
      const require = createRequire(import.meta.url);
      const byName = require('websocket-reconnect-native').WebSocketReconnect;
      const byPath = require('websocket-reconnect-native/scripts/websocket-reconnect.js').WebSocketReconnect;
      console.log(WebSocketReconnect === byName, WebSocketReconnect === byPath);\n`,
    );
    const { stdout, stderr } = await runScript(script);
    assert.strictEqual(stdout.trim(), 'true true', stderr);
  });

  it('exports the class under its own name', () => {
    const { WebSocketReconnect } = require('./subject.js');
    assert.strictEqual(WebSocketReconnect.name, 'WebSocketReconnect');
  });

  it('is made always with new', () => {
    const { WebSocketReconnect } = require('./subject.js');
    assert.throws(() => WebSocketReconnect({ url: 'ws://localhost' }), TypeError);
  });
});
