'use strict';

// Installs the tarballs as a user does, in an empty project with no cargo on the PATH, and uses them.
// Usage: test-pack.js, with the everyday binary; --release, with that of build-release.js; --packed FOLDER,
// with the tarballs in a folder, for a machine that has not built them.

const { mkdtempSync, readdirSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { platformId } = require('../lib/node/platform.js');
const { packMain, packPlatform, release } = require('./build-release.js');
const { ROOT, capture, npm, pathWithoutCargo } = require('./tools.js');

const NAME = 'websocket-reconnect-native';
const id = platformId();

const PRINT = `const client = new WebSocketReconnect({ url: 'ws://127.0.0.1:1' });
console.log(WebSocketReconnect.name, client.state, client.calculateDelay(0) > 0);`;
const PRINTED = 'WebSocketReconnect CLOSED true';
const SCRIPT = `${NAME}/scripts/websocket-reconnect.js`;

/** Files of a user's project, each with the arguments that run it and what it prints. */
const USES = {
  require: { file: 'a.js', text: `const { WebSocketReconnect } = require('${NAME}');\n${PRINT}` },
  "require by the skill's path": {
    file: 'b.js',
    text: `const { WebSocketReconnect } = require('${SCRIPT}');\n${PRINT}`,
  },
  "require by the skill's path as a file": {
    file: 'e.js',
    text: `const { WebSocketReconnect } = require('./node_modules/${SCRIPT}');\n${PRINT}`,
  },
  import: { file: 'c.mjs', text: `import { WebSocketReconnect } from '${NAME}';\n${PRINT}` },
  'require of the WebSocket class': {
    file: 'f.js',
    text: `const { WebSocketReconnect } = require('${NAME}');\nrequire('${NAME}/websocket').WebSocket.withOptions({});\n${PRINT}`,
  },
  'import of the WebSocket class, registered': {
    file: 'g.mjs',
    text: `import { WebSocketReconnect } from '${NAME}';\nimport '${NAME}/register';\nWebSocket.withOptions({});\n${PRINT}`,
  },
  'require of the helpers for tests': {
    file: 'h.js',
    text: `const { WebSocketReconnect } = require('${NAME}');\nnew (require('${NAME}/testing').VirtualLink)().connect();\n${PRINT}`,
  },
  'import of the helpers for tests': {
    file: 'i.mjs',
    text: `import { WebSocketReconnect } from '${NAME}';\nimport { VirtualLink } from '${NAME}/testing';\nnew VirtualLink().connect();\n${PRINT}`,
  },
  'require of the class in the place of ws': {
    file: 'j.js',
    text: `const { WebSocketReconnect } = require('${NAME}');\nnew (require('${NAME}/ws'))('ws://127.0.0.1:1').on('error', () => {});\n${PRINT}`,
  },
  'import of the class in the place of ws': {
    file: 'k.mjs',
    text: `import { WebSocketReconnect } from '${NAME}';\nimport { WebSocket } from '${NAME}/ws';\nnew WebSocket('ws://127.0.0.1:1').on('error', () => {});\n${PRINT}`,
  },
  'require of a fleet': {
    file: 'l.js',
    text: `const { WebSocketReconnect } = require('${NAME}');\nrequire('${NAME}/fleet').createFleet.call;\n${PRINT}`,
  },
  'import of a fleet': {
    file: 'm.mjs',
    text: `import { WebSocketReconnect } from '${NAME}';\nimport { createFleet } from '${NAME}/fleet';\ncreateFleet.call;\n${PRINT}`,
  },
  'import of the default': { file: 'd.mjs', text: `import WebSocketReconnect from '${NAME}';\n${PRINT}` },
};

/** Uses in TypeScript, as a CommonJS and as an ES module. A class of type `any` would not pass them. */
const TYPED = `import { WebSocketReconnect } from '${NAME}';
const client = new WebSocketReconnect({ url: 'ws://127.0.0.1:1' });
client.on('retry', (info) => { const attempt: number = info.attempt; console.log(attempt); });
// @ts-expect-error: a URL is no number
export const wrong = () => new WebSocketReconnect({ url: 1 });
${PRINT.split('\n')[1]}\n`;

/** The tarballs under test: of the package itself and of this platform's. Those of the everyday binary go to `to`. */
function tarballs(to) {
  const { 2: how, 3: folder } = process.argv;
  if (how === '--packed') {
    const named = (name) =>
      readdirSync(folder).find((file) => new RegExp(`^${name}-\\d.*\\.tgz$`).test(file));
    return {
      main: path.resolve(folder, named(NAME)),
      platform: path.resolve(folder, named(`${NAME}-${id}`)),
    };
  }
  if (how === '--release') return release(id);
  const binary = path.join(ROOT, 'native', `${NAME}.${id}.node`);
  return { main: packMain(to), platform: packPlatform(id, binary, to) };
}

const env = { ...process.env, PATH: pathWithoutCargo() };
let passed = 0;
let failed = 0;

function tell(name, right, output) {
  console.log(`${right ? 'ok    ' : 'FAILED'} ${name}`);
  if (right) passed++;
  else failed++;
  if (!right) console.log(output);
}

/** An empty project in a folder of its own. `test` gets what installs there, what runs Node and what writes. */
function inProject(test) {
  const cwd = mkdtempSync(path.join(os.tmpdir(), 'wsr-pack-'));
  const install = (...packages) =>
    npm(['install', '--silent', '--no-audit', '--no-fund', ...packages], { cwd, env });
  const node = (...args) => capture(process.execPath, args, { cwd, env });
  const npx = (...args) => capture('npx', ['--no', ...args], { cwd, env });
  const write = (name, text) => writeFileSync(path.join(cwd, name), text);
  try {
    write('package.json', '{ "private": true }');
    test({ install, node, npx, write });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

const packed = mkdtempSync(path.join(os.tmpdir(), 'wsr-tarballs-'));
process.on('exit', () => rmSync(packed, { recursive: true, force: true }));
const { main, platform } = tarballs(packed);

/** Runs of the command, each with what it prints. The demo connects, to a server of its own. */
const COMMANDS = [
  [[NAME, '--version'], /^\d+\.\d+\.\d+$/m],
  [['wsr', '--help'], /^Usage:$/m],
  [['wsr', 'simulate', '--clients', '100'], /^100 clients, in /m],
  [[NAME, 'demo'], /All \d+ checks were seen to hold/],
];

inProject(({ install, node, npx, write }) => {
  install(main, platform);
  for (const [args, printed] of /** @type {[string[], RegExp][]} */ (COMMANDS)) {
    const { ok, output } = npx(...args);
    tell(`npx ${args.join(' ')}`, ok && printed.test(output), output);
  }
  for (const [name, { file, text }] of Object.entries(USES)) {
    write(file, text);
    const { output } = node(file);
    tell(name, output.trim() === PRINTED, output);
  }
  write('typed.cts', TYPED);
  write('typed.mts', TYPED);
  const roots = ['--typeRoots', path.join(ROOT, 'node_modules', '@types'), '--types', 'node'];
  const flags = ['--strict', '--target', 'es2020', '--module', 'node16', '--outDir', 'out', ...roots];
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { ok, output } = node(tsc, ...flags, 'typed.cts', 'typed.mts');
  tell('TypeScript compiles', ok, output);
  for (const file of ['typed.cjs', 'typed.mjs']) {
    const { output } = node(path.join('out', file));
    tell(`TypeScript runs as ${file}`, output.trim() === PRINTED, output);
  }
});

inProject(({ install, node }) => {
  install(main, '--omit=optional');
  const { output } = node('-e', `require('${NAME}')`);
  const said = [
    'WSR_ERR_NO_BINARY',
    id,
    'Cannot find module',
    'npm install --include=optional',
    'npm run build',
  ];
  tell(
    'an error that helps, where there is no binary',
    said.every((text) => output.includes(text)),
    output,
  );
});

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
