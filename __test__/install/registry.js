'use strict';

// A registry on 127.0.0.1 that knows this package and those of its platforms, and nothing else.

const { spawn } = require('child_process');
const { mkdirSync, writeFileSync } = require('fs');
const net = require('net');
const path = require('path');
const { platformId } = require('../../lib/node/platform.js');
const { packMain, packPlatform } = require('../../scripts/build-release.js');
const { TARGETS } = require('../../scripts/build.js');
const { ROOT, capturing } = require('../../scripts/tools.js');

const NAME = 'websocket-reconnect-native';
const VERDACCIO = path.join(__dirname, 'node_modules', 'verdaccio', 'bin', 'verdaccio');

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/** Starts it in an empty folder; resolves with its address and what ends it. */
async function startRegistry(folder) {
  mkdirSync(folder);
  const config = path.join(folder, 'config.yaml');
  const lines = [
    'storage: ./storage',
    'auth: { htpasswd: { file: ./htpasswd } }',
    "packages: { '**': { access: $all, publish: $all } }",
    'max_body_size: 100mb',
    'log: { type: stdout, format: pretty, level: warn }',
  ];
  writeFileSync(config, lines.join('\n'));
  const port = await freePort();
  const args = [VERDACCIO, '--config', config, '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise((resolve, reject) => {
    let output = '';
    const hear = (data) => {
      output += data;
      if (output.includes('http address')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`verdaccio ended: ${output}`)));
  });
  return { url: `http://127.0.0.1:${port}/`, end: () => child.kill() };
}

/** Publishes the package, and that of each platform. Those of others hold no binary: nothing may load them. */
async function publishAll(url, folder, env) {
  mkdirSync(folder);
  const placeholder = path.join(folder, 'placeholder.node');
  writeFileSync(placeholder, 'no binary');
  const id = platformId();
  const binary = path.join(ROOT, 'native', `${NAME}.${id}.node`);
  const packed = [
    packMain(folder),
    ...Object.keys(TARGETS).map((key) => packPlatform(key, key === id ? binary : placeholder, folder)),
  ];
  const token = `--${url.replace('http:', '')}:_authToken=anyone`;
  const publish = (tarball) =>
    capturing('npm', ['publish', '--provenance=false', token, tarball], { cwd: folder, env });
  for (const { ok, output } of await Promise.all(packed.map(publish))) {
    if (!ok) throw new Error(`npm publish: ${output}`);
  }
}

module.exports = { NAME, publishAll, startRegistry };
