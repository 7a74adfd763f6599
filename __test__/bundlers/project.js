'use strict';

// A user's project, with the package and its platform's package as they are packed, among the bundlers.

const { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('fs');
const path = require('path');
const { platformId } = require('../../lib/node/platform.js');
const { ROOT, TOOLS, install, npm } = require('../../scripts/tools.js');

const NAME = 'websocket-reconnect-native';
const FOLDER = path.join(TOOLS, 'bundlers');
const PROJECT = path.join(FOLDER, 'project');
const id = platformId();

/** What the lock names lies beside the project: no copy of this checkout is above it. */
function bringBundlers() {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) {
    const [from, to] = [path.join(__dirname, name), path.join(FOLDER, name)];
    if (!existsSync(to) || !readFileSync(from).equals(readFileSync(to))) copyFileSync(from, to);
  }
  install(FOLDER);
}

/** The files of the package as it is packed, which bring no binary. */
function packed() {
  const [{ files }] = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts', '--silent']));
  return files.map((file) => file.path).filter((file) => !file.startsWith('native/'));
}

let known;

function put(from, to) {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** A project of the files in a folder, with the packages in its node_modules. */
function makeProject(files) {
  known = known || packed();
  rmSync(PROJECT, { recursive: true, force: true });
  cpSync(files, PROJECT, { recursive: true });
  writeFileSync(path.join(PROJECT, 'package.json'), '{ "private": true }\n');
  const modules = path.join(PROJECT, 'node_modules');
  for (const file of known) put(path.join(ROOT, file), path.join(modules, NAME, file));
  const platform = path.join(modules, `${NAME}-${id}`);
  put(path.join(ROOT, 'npm', id, 'package.json'), path.join(platform, 'package.json'));
  put(path.join(ROOT, 'native', `${NAME}.${id}.node`), path.join(platform, `${NAME}.${id}.node`));
  const config = path.join(PROJECT, 'sea-config.json');
  // The recipe names the platform on which CI runs.
  if (existsSync(config)) writeFileSync(config, readFileSync(config, 'utf8').replace(/linux-x64-gnu/g, id));
  return PROJECT;
}

module.exports = { FOLDER, bringBundlers, makeProject };
