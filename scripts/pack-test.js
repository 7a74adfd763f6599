'use strict';

/**
 * Installs the tarballs as a user does, in an empty project and with no cargo on the PATH, and uses them:
 * `npm run test:pack`. The binary is the everyday one; with `-- --release` that of `npm run build:release`.
 * `-- --packed FOLDER` takes the tarballs in a folder, for a runner that has not built them.
 */
const { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { platformId } = require('../lib/binary.js');
const { build } = require('./build.js');
const { release } = require('./build-release.js');
const { packMain, packPlatform } = require('./pack.js');
const { NAME, PLATFORMS, packageName } = require('./platforms.js');
const { setup } = require('./setup.js');
const { ROOT, npm, run, script } = require('./steps.js');

const PRINT = `const client = new WebSocketReconnect({ url: 'ws://127.0.0.1:1' });
console.log(WebSocketReconnect.name, client.state, client.calculateDelay(0) > 0);`;
const PRINTED = 'WebSocketReconnect CLOSED true';
const SCRIPT = `${NAME}/scripts/websocket-reconnect.js`;

/** Files of a user's project, each with the arguments that run it and what it prints. */
const USES = {
  require: { file: 'a.js', text: `const { WebSocketReconnect } = require('${NAME}');\n${PRINT}` },
  'require of the skill’s path': {
    file: 'b.js',
    text: `const { WebSocketReconnect } = require('${SCRIPT}');\n${PRINT}`,
  },
  import: { file: 'c.mjs', text: `import { WebSocketReconnect } from '${NAME}';\n${PRINT}` },
  'import of the default': { file: 'd.mjs', text: `import WebSocketReconnect from '${NAME}';\n${PRINT}` },
};

/** Uses in TypeScript, as a CommonJS and as an ES module. A class of type `any` would not pass them. */
const TYPED = `import { WebSocketReconnect } from '${NAME}';
const client = new WebSocketReconnect({ url: 'ws://127.0.0.1:1' });
client.on('retry', (info) => { const attempt: number = info.attempt; console.log(attempt); });
// @ts-expect-error: a URL is no number
export const wrong = () => new WebSocketReconnect({ url: 1 });
${PRINT.split('\n')[1]}\n`;

/** The PATH without the folders that have a cargo. */
function withoutCargo() {
  const folders = process.env.PATH.split(path.delimiter);
  return folders.filter(
    (folder) => !['cargo', 'cargo.exe'].some((name) => existsSync(path.join(folder, name))),
  );
}

/** The tarballs under test. */
async function tarballs() {
  const { 2: how, 3: folder } = process.argv;
  const id = platformId();
  if (how === '--packed') {
    const found = (name) =>
      readdirSync(folder).find((file) => new RegExp(`^${name}-\\d+\\..*\\.tgz$`).test(file));
    return {
      main: path.resolve(folder, found(NAME)),
      platform: path.resolve(folder, found(packageName(id))),
    };
  }
  if (how === '--release') return release(PLATFORMS.find((platform) => platform.id === id).target);
  return { main: await packMain(), platform: await packPlatform(id, await build()) };
}

/** An empty project in a folder of its own, removed in the end. */
async function inProject(test) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'user-'));
  try {
    writeFileSync(path.join(folder, 'package.json'), '{"name":"user","private":true}\n');
    return await test(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs every use, and resolves to what went wrong, by the use's name. */
async function uses({ main, platform }) {
  const PATH = withoutCargo().join(path.delimiter);
  const options = { show: 'nothing', env: { PATH } };
  const results = new Map();
  const expect = (name, right, output) => results.set(name, right ? '' : output);

  await inProject(async (cwd) => {
    await npm(['install', main, platform], { ...options, cwd });
    for (const [name, { file, text }] of Object.entries(USES)) {
      writeFileSync(path.join(cwd, file), text);
      const { output } = await run(process.execPath, [file], { ...options, cwd });
      expect(name, output.trim() === PRINTED, output);
    }
    const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const roots = ['--typeRoots', path.join(ROOT, 'node_modules', '@types'), '--types', 'node'];
    const flags = ['--strict', '--target', 'es2020', '--module', 'node16', '--outDir', 'out', ...roots];
    writeFileSync(path.join(cwd, 'e.cts'), TYPED);
    writeFileSync(path.join(cwd, 'f.mts'), TYPED);
    const compiled = await run(process.execPath, [tsc, ...flags, 'e.cts', 'f.mts'], { ...options, cwd });
    expect('TypeScript compiles', compiled.code === 0, compiled.output);
    for (const file of ['e.cjs', 'f.mjs']) {
      const { output } = await run(process.execPath, [path.join('out', file)], { ...options, cwd });
      expect(`TypeScript runs (${file})`, output.trim() === PRINTED, output);
    }
  });

  await inProject(async (cwd) => {
    await npm(['install', main, '--omit=optional'], { ...options, cwd });
    const { output } = await run(process.execPath, ['-e', `require('${NAME}')`], { ...options, cwd });
    const said = ['WSR_ERR_NO_BINARY', platformId(), 'npm install --include=optional', 'npm run build'];
    expect(
      'an error that helps without a binary',
      said.every((text) => output.includes(text)),
      output,
    );
  });
  return results;
}

script(async () => {
  await setup({ withBuild: false });
  mkdirSync(path.join(ROOT, 'artifacts'), { recursive: true });
  const results = await uses(await tarballs());
  let failed = 0;
  for (const [name, wrong] of results) {
    console.log(`${wrong ? 'FAILED' : 'ok    '} ${name}${wrong && `\n${wrong}`}`);
    if (wrong) failed++;
  }
  console.log(`${results.size - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});
