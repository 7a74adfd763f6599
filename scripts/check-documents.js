'use strict';

// Holds the documents to the code and to each other: README.zh-CN.md to README.md, index.d.ts to README.md,
// docs/errors.md to the codes in the sources, every link and every name of a file to what is there. What they tell of
// options and events is generated: docs-options.js. It proves first that it finds what is planted.

const { existsSync, readFileSync, readdirSync } = require('fs');
const path = require('path');
const ts = require('typescript');
const { isDeepStrictEqual } = require('util');
const { files: shipped } = require('../package.json');
const { ROOT } = require('./tools.js');

const read = (name) => readFileSync(path.join(ROOT, name), 'utf8').replace(/\r\n/g, '\n');
const all = (text, pattern) => [...text.matchAll(pattern)].map(([whole, group = whole]) => group);
const isSame = (a, b) => isDeepStrictEqual([...a].sort(), [...b].sort());

/** The names in a text's code spans: all of `a` and `b.c`, with what is beside them. */
const spans = (text) => all(text, /`([^`]+)`/g);

/** A document by its headings; the first section is what comes before the first. */
function sections(text) {
  const parts = [{ heading: '', level: 0, prose: [], rows: [], blocks: [] }];
  let block;
  for (const line of text.split('\n')) {
    const part = parts[parts.length - 1];
    const heading = /^(#+) (.*)/.exec(line);
    if (block) {
      if (line === '```') block = undefined;
      else block.push(line);
    } else if (line.startsWith('```')) {
      block = [line];
      part.blocks.push(block);
    } else if (heading) {
      parts.push({ heading: heading[2], level: heading[1].length, prose: [], rows: [], blocks: [] });
    } else if (line.startsWith('|')) {
      const cells = line.slice(1, -1).split(/(?<!\\)\|/);
      if (!/^[-|]+$/.test(line)) part.rows.push(cells.map((cell) => cell.trim()));
    } else {
      part.prose.push(line);
    }
  }
  return parts;
}

/** A document without its snippets. */
const proseOf = (text) =>
  sections(text)
    .flatMap(({ heading, prose, rows }) => [heading, ...prose, ...rows.flat()])
    .join('\n');

/** What no translation changes: code, where links lead, and in a table the numbers. */
function constants(text, hasNumbers) {
  const links = all(text, /\]\(([^)#][^)]*)\)/g).filter((link) => !/^README/.test(link));
  const numbers = hasNumbers ? all(text.replace(/`[^`]*`|\]\([^)]*\)/g, ''), /\d+(?:[.,]\d+)*/g) : [];
  return [...new Set([...spans(text), ...links, ...numbers])];
}

const codeOf = (block) => block.map((line) => line.replace(/(^|\s+)(\/\/|# ).*/, ''));

/** Where a translation has something else than the original, or lacks it. */
function translationFaults(original, translation) {
  const [ours, theirs] = [sections(original), sections(translation)];
  const levels = (parts) => parts.map(({ level }) => level);
  if (!isDeepStrictEqual(levels(ours), levels(theirs))) return ['other headings'];
  const faults = [];
  const compare = (place, a, b, hasNumbers) => {
    const [here, there] = [constants(a, hasNumbers), constants(b, hasNumbers)];
    const odd = [
      ...here.filter((one) => !there.includes(one)),
      ...there.filter((one) => !here.includes(one)),
    ];
    if (odd.length > 0) faults.push(`${place}: not in both: ${odd.join(' · ')}`);
  };
  ours.forEach((part, i) => {
    const other = theirs[i];
    const place = `'${part.heading || 'the beginning'}'`;
    if (part.rows.length !== other.rows.length) faults.push(`${place}: another number of rows`);
    else
      part.rows.forEach((row, at) =>
        compare(`${place}, ${row[0]}`, row.join('|'), other.rows[at].join('|'), true),
      );
    compare(place, part.prose.join('\n'), other.prose.join('\n'), false);
    const items = ({ prose }) => prose.filter((line) => /^(?:-|\d+\.) /.test(line)).length;
    if (items(part) !== items(other)) faults.push(`${place}: another number of items`);
    const markers = ({ prose }) => prose.filter((line) => line.startsWith('<!--'));
    const code = (section) => [...markers(section), ...section.blocks.map(codeOf)];
    if (!isDeepStrictEqual(code(part), code(other))) faults.push(`${place}: other snippets`);
  });
  return faults;
}

/** The names of the members of that interface or class in index.d.ts. */
function membersOf(types, name) {
  const source = ts.createSourceFile('index.d.ts', types, ts.ScriptTarget.ES2020, true);
  /** @type {any} */
  const node = source.statements.find((/** @type {any} */ one) => one.name && one.name.getText() === name);
  return node.members
    .filter((member) => member.name && ts.isIdentifier(member.name))
    .map((member) => member.name.text);
}

/** The members of interfaces and the class in index.d.ts that README.md does not name. */
function typeFaults(types, readme) {
  const members = (name) => membersOf(types, name);
  const text = spans(proseOf(readme)).join(' ');
  const inherited = Object.getOwnPropertyNames(require('events').prototype);
  const wanted = [
    ...members('WebSocketOptions'),
    ...members('WebSocketReconnectError'),
    ...members('Stats'),
    ...members('WebSocketReconnect'),
  ].filter((name) => !['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED', ...inherited].includes(name));
  const isNamed = (name) => new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(text.replace(/ws\./g, ''));
  return [...new Set(wanted)]
    .filter((name) => !isNamed(name))
    .map((name) => `README.md does not name ${name}`);
}

/** Which codes of errors and warnings the sources, index.d.ts and docs/errors.md do not share. */
function codeFaults(sources, types, errors) {
  const codes = (text) => [...new Set(all(text, /\bWSR_(?:ERR|WARN)_[A-Z0-9_]*[A-Z0-9]\b/g))];
  const told = all(errors, /^### (WSR_\w+)$/gm);
  const used = codes(sources);
  const typed = codes(types.slice(types.indexOf('OwnErrorCode ='), types.indexOf('SystemErrorCode =')));
  const errorsAlone = (list) => list.filter((code) => code.startsWith('WSR_ERR_'));
  return [
    ...used.filter((code) => !told.includes(code)).map((code) => `${code} has no heading in docs/errors.md`),
    ...told.filter((code) => !used.includes(code)).map((code) => `${code} is in docs/errors.md alone`),
    ...(isSame(errorsAlone(used), typed)
      ? []
      : ['OwnErrorCode of index.d.ts has other codes than the sources']),
  ];
}

/** The codes of the system and of TLS that docs/errors.md does not have. */
function systemFaults(net, errors) {
  const known = spans(proseOf(errors));
  const codes = new Set(all(net, /"([A-Z][A-Z0-9_]{4,})"/g));
  return [...codes]
    .filter((code) => !known.includes(code) && !code.startsWith('WSR_'))
    .map((code) => `${code} is not in docs/errors.md`);
}

/** The files that a document names in code spans and that are not there. */
function fileFaults(name, text, files) {
  return spans(proseOf(text))
    .filter((span) => /^[\w./-]+\.(?:rs|js|mjs|ts|json|toml|md)$/.test(span))
    .filter((span) => !files.some((file) => file === span || file.endsWith(`/${span}`)))
    .map((span) => `${name}: there is no ${span}`);
}

const slug = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

const ships = (name) =>
  /^(?:README\.md|LICENSE|package\.json)$/.test(name) ||
  shipped.some((entry) => {
    const pattern = entry.replace(/[.]/g, '\\.').replace(/\*/g, '[^/]*');
    return new RegExp(`^${pattern}${entry.endsWith('/') ? '' : '$'}`).test(name);
  });

/** What only those need who have a checkout. */
const IN_CHECKOUT = /^(?:CONTRIBUTING\.md$|bench\/)/;

/** Links of a document that lead nowhere, or out of the package that it ships in. */
function linkFaults(name, text) {
  return all(proseOf(text), /\]\(([^)]+)\)/g)
    .filter((link) => !/^https?:/.test(link))
    .flatMap((link) => {
      const [file, anchor] = link.split('#');
      const target = file === '' ? name : path.posix.join(path.posix.dirname(name), file);
      if (!existsSync(path.join(ROOT, target))) return [`${name}: ${link} leads nowhere`];
      if (anchor !== undefined && !sections(read(target)).some(({ heading }) => slug(heading) === anchor))
        return [`${name}: ${link} leads to no heading`];
      if (ships(name) && !ships(target) && !IN_CHECKOUT.test(target))
        return [`${name}: ${link} does not ship`];
      return [];
    });
}

/** All files below a folder of the checkout that end so. */
function below(folder, ending) {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return below(name, ending);
    return name.endsWith(ending) ? [name] : [];
  });
}

function selfTest() {
  const text = '# A\n\nSay `a`.\n\n| `b` | 1 |\n|---|---|\n| `c` | 2 |\n\n```js\nf(); // why\n```\n';
  const found = [
    translationFaults(text, text.replace('`a`', 'a')),
    translationFaults(text, text.replace('| `c` | 2 |\n', '')),
    translationFaults(text, text.replace('| 2 |', '| 3 |')),
    translationFaults(text, text.replace('f()', 'g()')),
    translationFaults(text, `${text}\n## B\n`),
    codeFaults("'WSR_ERR_A'", '', ''),
    codeFaults('', '', '### WSR_ERR_A'),
    systemFaults('"EPIPE"', '`ECONNRESET`'),
    fileFaults('a.md', '`nowhere.rs`', ['src/a.rs']),
    linkFaults('README.md', '[a](nowhere.md)'),
    linkFaults('README.md', '[a](docs/errors.md#nowhere)'),
  ];
  const clean = [
    translationFaults(text, text.replace('Say', '说').replace('// why', '// 为何')),
    codeFaults("'WSR_ERR_A'", "OwnErrorCode = 'WSR_ERR_A'; SystemErrorCode =", '### WSR_ERR_A'),
    systemFaults('"EPIPE"', '`EPIPE`'),
    fileFaults('a.md', '`a.rs` `src/a.rs`', ['src/a.rs']),
    linkFaults('README.md', '[a](docs/errors.md#wsr_err_option)'),
  ];
  return [
    ...found.flatMap((faults, i) =>
      faults.length === 0 ? [`what is planted as number ${i + 1} is not found`] : [],
    ),
    ...clean.flatMap((faults) => faults.map((fault) => `nothing is wrong, yet found: ${fault}`)),
  ];
}

const documents = [...readdirSync(ROOT).filter((name) => name.endsWith('.md')), ...below('docs', '.md')];
const sources = [
  ...below('src', '.rs').filter((name) => !/test/.test(name)),
  ...below('lib', '.js'),
  'index.js',
];
const folders = [
  'bin',
  'src',
  'lib',
  'scripts',
  'docs',
  'bench',
  'benches',
  'examples',
  'autobahn',
  '__test__',
];
const files = [...readdirSync(ROOT), ...folders.flatMap((folder) => below(folder, ''))];
const net = sources
  .filter((name) => name.startsWith('src/net/'))
  .map((name) => read(name).split('#[cfg(test)]')[0])
  .join('\n');
const readme = read('README.md');
const types = read('index.d.ts');

const faults = [
  ...selfTest(),
  ...translationFaults(readme, read('README.zh-CN.md')).map((fault) => `README.zh-CN.md, ${fault}`),
  ...typeFaults(types, readme),
  ...codeFaults(sources.map(read).join('\n'), types, read('docs/errors.md')),
  ...systemFaults(net, read('docs/errors.md')),
  ...documents.flatMap((name) => linkFaults(name, read(name))),
  ...documents.flatMap((name) => fileFaults(name, read(name), files)),
];
for (const fault of faults) console.error(fault);
console.log(`${documents.length} documents, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
