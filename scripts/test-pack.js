'use strict';

// Installs the packed package and its platform's in an empty project, with no cargo on the PATH, and
// uses them by require, by import and from TypeScript.

const { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { platformId } = require('../lib/platform.js');
const { ROOT, run } = require('./tools.js');

const { version } = require('../package.json');
const NAME = 'websocket-reconnect-native';
const id = platformId();

/** The folders of the PATH that have no cargo, and a Node of their own where that one had both. */
function pathWithoutCargo() {
  const exe = process.platform === 'win32' ? 'cargo.exe' : 'cargo';
  const folders = process.env.PATH.split(path.delimiter).filter(
    (folder) => !existsSync(path.join(folder, exe)),
  );
  return [path.dirname(process.execPath), ...folders].join(path.delimiter);
}

function packInto(project) {
  const platform = path.join(ROOT, 'npm', id);
  const binary = `${NAME}.${id}.node`;
  // A release build has put its own there; otherwise the everyday one is packed.
  if (!existsSync(path.join(platform, binary)))
    copyFileSync(path.join(ROOT, 'native', binary), path.join(platform, binary));
  for (const folder of [ROOT, platform]) {
    run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project], { cwd: folder });
  }
}

const USES = {
  'use.js': `
    const { WebSocketReconnect } = require('${NAME}');
    const skill = require('${NAME}/scripts/websocket-reconnect.js');
    const file = require('./node_modules/${NAME}/scripts/websocket-reconnect.js');
    if (skill.WebSocketReconnect !== WebSocketReconnect || file.WebSocketReconnect !== WebSocketReconnect) throw new Error('two classes');
    console.log('require', new WebSocketReconnect({ url: 'ws://localhost' }).state);`,
  'use.mjs': `
    import { WebSocketReconnect } from '${NAME}';
    console.log('import', new WebSocketReconnect({ url: 'ws://localhost' }).state);`,
  'use.ts': `
    import { WebSocketReconnect } from '${NAME}';
    const ws = new WebSocketReconnect({ url: 'ws://localhost', maxRetries: 3 });
    ws.on('retry', (info) => console.log(info.attempt.toFixed()));
    const state: string = ws.state;
    console.log('TypeScript', state);`,
};

const project = mkdtempSync(path.join(os.tmpdir(), 'wsr-pack-'));
const env = { ...process.env, PATH: pathWithoutCargo() };
try {
  packInto(project);
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }');
  const tarballs = [`${NAME}-${version}.tgz`, `${NAME}-${id}-${version}.tgz`].map((name) => `./${name}`);
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', ...tarballs], { cwd: project, env });
  for (const [name, source] of Object.entries(USES)) writeFileSync(path.join(project, name), source);
  const types = path.join(ROOT, 'node_modules', '@types');
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  run(
    process.execPath,
    [
      tsc,
      '--strict',
      '--module',
      'node16',
      '--target',
      'es2020',
      '--typeRoots',
      types,
      '--types',
      'node',
      'use.ts',
    ],
    { cwd: project, env },
  );
  run(process.execPath, ['use.js'], { cwd: project, env });
  run(process.execPath, ['use.mjs'], { cwd: project, env });
  console.log('1 passed, 0 failed');
} finally {
  rmSync(project, { recursive: true, force: true });
}
