'use strict';

// The class in a bundle by each of five bundlers, none of which has a configuration.

const { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } = require('fs');
const path = require('path');
const { ROOT, capture, runtime } = require('../../scripts/tools.js');

const PACKAGES = [
  'webpack@5.113.0',
  'webpack-cli@6.0.1',
  'vite@7.3.0',
  'rollup@4.68.8',
  '@rollup/plugin-node-resolve@16.0.3',
  'parcel@2.16.4',
  'esbuild@0.28.2',
];

const MAIN = `import { WebSocketReconnect } from 'websocket-reconnect-native';
const ws = new WebSocketReconnect({ url: new URLSearchParams(location.search).get('url') });
const post = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
ws.on('message', ({ data }) => post({ used: data }));
ws.on('giveup', ({ message }) => post({ used: message }));
ws.connect();
ws.send('hello');
`;

const page = (script) =>
  `<!doctype html>\n<title>Bundle</title>\n<script type="module" src="${script}"></script>\n`;

/** What each is called with, in the folder of the project; those that make no page are given one. */
const BUNDLERS = {
  webpack: (out) => ['webpack', '--entry', './main.js', '--mode', 'production', '-o', out],
  Vite: (out) => ['vite', 'build', '--base', './', '--outDir', out, '--emptyOutDir'],
  esbuild: (out) => ['esbuild', 'main.js', '--bundle', '--minify', `--outfile=${out}/main.js`],
  Rollup: (out) => [
    'rollup',
    '-p',
    '@rollup/plugin-node-resolve',
    '-i',
    'main.js',
    '-f',
    'es',
    '-o',
    `${out}/main.js`,
  ],
  Parcel: (out) => ['parcel', 'build', 'index.html', '--dist-dir', out, '--public-url', './', '--no-cache'],
};

/** Makes a bundle by each: the folder that they lie in, the names of those that were made, and what the others said. */
function bundled() {
  const tools = runtime('bundlers', PACKAGES);
  const project = path.join(tools, 'project');
  const out = path.join(tools, 'out');
  for (const folder of [project, out]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(path.join(project, 'main.js'), MAIN);
  writeFileSync(path.join(project, 'index.html'), page('./main.js'));
  const link = path.join(tools, 'node_modules', 'websocket-reconnect-native');
  if (!existsSync(link)) symlinkSync(ROOT, link, 'junction');
  const errors = {};
  for (const [name, command] of Object.entries(BUNDLERS)) {
    const folder = path.join(out, name);
    mkdirSync(folder, { recursive: true });
    const [program, ...args] = command(folder);
    const bin = path.join(tools, 'node_modules', '.bin', program);
    const { ok, output } = capture(bin, args, { cwd: project });
    if (!ok) errors[name] = output;
    else if (!existsSync(path.join(folder, 'index.html'))) {
      writeFileSync(path.join(folder, 'index.html'), page('main.js'));
    }
  }
  return { folder: out, names: Object.keys(BUNDLERS).filter((name) => !(name in errors)), errors };
}

module.exports = { bundled };
