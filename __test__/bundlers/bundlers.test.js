'use strict';

// Each recipe of docs/bundling.md is run as it stands there, and what it has made runs elsewhere.

const assert = require('assert');
const { spawn } = require('child_process');
const { once } = require('events');
const { cpSync, mkdtempSync, readFileSync, rmSync } = require('fs');
const os = require('os');
const path = require('path');
const { WebSocketServer } = require('ws');
const { ROOT, capturing } = require('../../scripts/tools.js');
const { deadPort } = require('../peer/index.js');
const { until } = require('../support/waiting.js');
const { FOLDER, makeProject } = require('./project.js');

const RECIPES = path.join(__dirname, 'recipes');
const NEXT = path.join(RECIPES, 'next');
const HELLO = 'hello to a bundle';

/** The commands under each heading that has some: those that make `out`, and the last, which runs it. */
function recipes() {
  const text = readFileSync(path.join(ROOT, 'docs', 'bundling.md'), 'utf8');
  const found = {};
  let heading;
  for (const [, title, block] of text.matchAll(/^#+ (.+)$|^```sh\n([\s\S]*?)^```$/gm)) {
    if (title) heading = title;
    else found[heading] = block.replace(/\\\n/g, '').trim().split('\n');
  }
  return found;
}

const all = recipes();
let server;
let env;
let folder;

before(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (ws, { headers }) => ws.send(`hello to ${headers['x-from']}`));
  await once(server, 'listening');
  env = {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: '1',
    PATH: [path.join(FOLDER, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter),
    SERVER: `ws://127.0.0.1:${server.address().port}`,
  };
});
after(() => server.close());

// No node_modules is above it.
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'bundles-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function shell(command, cwd) {
  const { ok, output } = await capturing('sh', ['-c', command.replace(/^npx /, '')], { cwd, env });
  assert.ok(ok, `${command}: ${output}`);
  return output;
}

/** Makes it by these commands, in a project of these files, and moves it away; returns the command that runs it. */
async function make(commands, files, made = 'out') {
  const project = makeProject(files);
  for (const command of commands.slice(0, -1)) await shell(command, project);
  cpSync(path.join(project, made), path.join(folder, 'out'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  rmSync(project, { recursive: true });
  return commands[commands.length - 1];
}

describe('a bundle by the recipe', () => {
  for (const name of Object.keys(all).filter((name) => name !== 'Next.js')) {
    it(name, async () => {
      const run = await make(all[name], RECIPES);
      assert.strictEqual((await shell(run, folder)).trim(), HELLO);
    });
  }

  it('As an ES module, of the other classes', async () => {
    const commands = all['As an ES module'].map((command) => command.replace('main.mjs', 'ws.mjs'));
    assert.strictEqual((await shell(await make(commands, RECIPES), folder)).trim(), HELLO);
  });

  it('Next.js', async () => {
    // What it makes lies as deep as the project in the folder that Next.js takes for its root.
    const project = path.relative(ROOT, path.join(FOLDER, 'project'));
    await make(all['Next.js'], NEXT, path.join('.next', 'standalone'));
    const port = await deadPort();
    const app = spawn(process.execPath, ['server.js'], {
      cwd: path.join(folder, 'out', project),
      env: { ...env, PORT: String(port), HOSTNAME: '127.0.0.1' },
    });
    const answer = (place) =>
      fetch(`http://127.0.0.1:${port}${place}`).then(
        (response) => response.text(),
        () => undefined,
      );
    try {
      assert.match(await until(() => answer('/')), new RegExp(`<p>${HELLO}</p>`));
      assert.strictEqual(await answer('/route'), HELLO);
      assert.strictEqual(await answer('/edge'), 'at the edge: CLOSED');
    } finally {
      app.kill();
      await once(app, 'close');
    }
  });
});

describe('a bundle without the binary', () => {
  it('says that it was left out, and where the recipe is', async () => {
    await make(all['Everything else'], RECIPES);
    const text = 'global.WebSocket = undefined; require("./out/main.js")';
    await assert.rejects(
      shell(`node -e '${text}'`, folder),
      /The bundle, or the copy that a tracer made, is without the package[\s\S]*docs\/bundling\.md/,
    );
  });
});
