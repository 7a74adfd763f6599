'use strict';

// Writes THIRD-PARTY-LICENSES: the licences of all crates that a binary has linked in, and the policy that browsers load.
// Usage: licences.js, or licences.js --check, which fails where the file is another.

const { readFileSync, readdirSync, statSync, writeFileSync } = require('fs');
const path = require('path');
const { TARGETS } = require('./build.js');
const { ROOT, capture } = require('./tools.js');

const FILE = path.join(ROOT, 'THIRD-PARTY-LICENSES');
const OWN = 'websocket-reconnect-native';

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

/** What is linked in and is no crate of a registry. */
const STANDARD_LIBRARY = {
  name: "Rust's standard library",
  license: 'MIT OR Apache-2.0',
  texts: [`Copyright (c) The Rust Project Contributors\n\n${MIT}`],
};

const HEAD = `What ${OWN} has linked in: the union over its platforms, which share most of it.
Written by scripts/licences.js. Where a licence can be chosen and MIT is one of them, it is MIT.
`;

/** The output of cargo; throws where it fails. */
function cargo(...args) {
  const { ok, output } = capture('cargo', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  if (!ok) throw new Error(`cargo ${args.join(' ')} failed: ${output}`);
  return output;
}

/** The crates that are linked in on any platform, but the own one, as `cargo metadata` tells of them. */
function linkedCrates() {
  const targets = Object.values(TARGETS).flatMap((target) => ['--target', target]);
  const edges = ['--edges', 'normal,no-proc-macro'];
  const tree = cargo('tree', '--locked', ...edges, '--prefix', 'none', '--format', '{p}', ...targets);
  const linked = new Set(tree.split('\n').map((line) => line.split(' ').slice(0, 2).join(' ')));
  const { packages } = JSON.parse(cargo('metadata', '--locked', '--format-version', '1'));
  return packages.filter(({ name, version }) => name !== OWN && linked.has(`${name} v${version}`));
}

/** The files below a crate's folder that are licences or notices. */
function licenceFiles(folder) {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const file = path.join(folder, name);
      if (statSync(file).isDirectory()) return licenceFiles(file);
      return /^(?:licen[cs]e|copying|copyright|notice|unlicense)(?!.*\.rs$)/i.test(name) ? [file] : [];
    });
}

/** The texts that go along with a crate. */
function textsOf({ name, license, authors, manifest_path: manifest }) {
  const isMit = /\bMIT\b/.test(license) && !/\bAND\b/.test(license);
  const files = licenceFiles(path.dirname(manifest));
  const ofMit = files.filter((file) => /mit/i.test(path.basename(file)));
  const chosen = isMit && ofMit.length > 0 ? ofMit : files;
  if (chosen.length > 0) return chosen.map((file) => readFileSync(file, 'utf8'));
  if (!isMit) throw new Error(`${name} has no file with its licence, ${license}`);
  const holders =
    authors.map((author) => author.replace(/ *<.*>/, '')).join(', ') || `the authors of ${name}`;
  return [`Copyright (c) ${holders}\n\n${MIT}`];
}

/** The file's text: each licence once, under those that have it. */
function thirdParty() {
  const crates = linkedCrates().map((crate) => ({
    name: `${crate.name} ${crate.version}`,
    license: crate.license,
    texts: textsOf(crate),
  }));
  const holders = new Map();
  for (const { name, license, texts } of [STANDARD_LIBRARY, ...crates]) {
    for (const text of texts) {
      const key = text.replace(/\s+/g, ' ').trim();
      if (!holders.has(key)) holders.set(key, { names: new Set(), text: tidy(text) });
      holders.get(key).names.add(`${name} (${license})`);
    }
  }
  const rule = '='.repeat(78);
  const parts = [...holders.values()].map(
    ({ names, text }) => `${rule}\n${[...names].join('\n')}\n${rule}\n\n${text}\n`,
  );
  return [HEAD, ...parts].join('\n');
}

const tidy = (text) =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t]+$/gm, '')
    .replace(/^\n+|\n+$/g, '');

module.exports = { OWN, linkedCrates };

if (require.main === module) {
  const text = thirdParty();
  if (process.argv[2] !== '--check') writeFileSync(FILE, text);
  else if (readFileSync(FILE, 'utf8').replace(/\r\n/g, '\n') !== text) {
    console.error('THIRD-PARTY-LICENSES is not what Cargo.lock gives: node scripts/licences.js');
    process.exitCode = 1;
  }
}
