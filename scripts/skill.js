'use strict';

// Writes the folder of the skill for registries: SKILL.md and what that links to, as text. The package itself comes by npm.
// Usage: skill.js [FOLDER], in which the folder of the skill's name is made; without it artifacts/skill.

const { mkdirSync, readFileSync, writeFileSync } = require('fs');
const path = require('path');
const manifest = require('../package.json');
const { ROOT } = require('./tools.js');

const LINK = /!?\[([^\]]*)\]\(([^)\s]+)\)/g;
/** How an example requires this package, and how that reads beside the package. */
const OWN = /require\('\.\.\/[\w.]+'\); \/\/ yours: (require\('[^']+'\))/;

const read = (name) => readFileSync(path.join(ROOT, name), 'utf8').replace(/\r\n/g, '\n');
const isOutside = (link) => /^(?:https?:|#)/.test(link);
const targetOf = (name, link) => path.posix.join(path.posix.dirname(name), link.split('#')[0]);

/** The files that a document links to. */
const linked = (name, text) =>
  [...text.matchAll(LINK)]
    .map(([, , link]) => link)
    .filter((link) => !isOutside(link))
    .map((link) => targetOf(name, link));

/** Where the files of this version can be read; undefined while package.json names no repository. */
function addressOf({ repository, version }) {
  const url = repository && (repository.url || repository);
  return url && `${url.replace(/^git\+|\.git$/g, '')}/blob/v${version}`;
}

/** A document whose links stay in the folder, lead to an address, or are plain text. */
function document(name, text, files, address) {
  const isCode = (part) => part.startsWith('```');
  const relink = (whole, told, link) => {
    if (isOutside(link) || files.includes(targetOf(name, link))) return whole;
    if (address === undefined || whole.startsWith('!')) return told;
    return `[${told}](${address}/${path.posix.join(path.posix.dirname(name), link)})`;
  };
  return text
    .split(/^(```[\s\S]*?^```$)/m)
    .map((part) => (isCode(part) ? part : part.replace(LINK, relink)))
    .join('');
}

/** The files of the skill's folder, each with its text. */
function skillFiles(manifest) {
  const skill = read('SKILL.md');
  const files = ['SKILL.md', ...new Set(linked('SKILL.md', skill))];
  const address = addressOf(manifest);
  const textOf = (name) =>
    name.endsWith('.md') ? document(name, read(name), files, address) : read(name).replace(OWN, '$1;');
  return new Map(files.map((name) => [name, textOf(name)]));
}

/** Writes the folder of the skill into that one, and returns its path. */
function writeSkill(folder, files) {
  const [, name] = /^name: (.+)$/m.exec(files.get('SKILL.md'));
  const place = path.join(folder, name);
  for (const [file, text] of files) {
    mkdirSync(path.join(place, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(place, file), text);
  }
  return place;
}

function main() {
  const folder = process.argv[2] || path.join(ROOT, 'artifacts', 'skill');
  const files = skillFiles(manifest);
  console.log(`${files.size} files in ${writeSkill(folder, files)}`);
}

if (require.main === module) main();

module.exports = { skillFiles, writeSkill };
