'use strict';

// Holds the documents to the code and to each other: README.zh-CN.md to README.md, index.d.ts to README.md,
// docs/errors.md to the codes in the sources, docs/operations.md to the environment that is read, SKILL.md to what skills are
// held to, every link and every name of a file to what is there. What they tell of options and events is generated:
// docs-options.js. It proves first that it finds what is planted.

const { existsSync, readFileSync, readdirSync } = require('fs');
const path = require('path');
const ts = require('typescript');
const { isDeepStrictEqual } = require('util');
const { files: shipped, license, name: NAME } = require('../package.json');
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

/** What is written like a code and is a word of PEM. */
const OF_PEM = 'CERTIFICATE';

/** The codes of the system and of TLS that docs/errors.md does not have. */
function systemFaults(net, errors) {
  const known = spans(proseOf(errors));
  const codes = new Set(all(net, /"([A-Z][A-Z0-9_]{4,})"/g));
  return [...codes]
    .filter((code) => !known.includes(code) && !code.startsWith('WSR_') && code !== OF_PEM)
    .map((code) => `${code} is not in docs/errors.md`);
}

/** The variables of the environment that are read and that docs/operations.md does not have. */
function environmentFaults(sources, operations) {
  const known = spans(proseOf(operations));
  const used = new Set(all(sources, /\benv(?:ironment\.|\.|::var(?:_os)?\(")([A-Z][A-Z_]+)\b/g));
  return [...used]
    .filter((name) => !known.includes(name))
    .map((name) => `${name} is read, and not in docs/operations.md`);
}

/** So long SKILL.md may be, in lines: it is read whole, before anything else. */
const SKILL_LINES = 300;

/** What a field of the front matter of a skill must be (agentskills.io/specification). */
const SKILL_FIELDS = {
  name: (text) => text.length <= 64 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text),
  description: (text) => text.length <= 1024,
  license: (text) => text === license,
  compatibility: (text) => text.length <= 500,
  metadata: (text) => {
    const { requires, install } = JSON.parse(text).openclaw;
    return requires.bins.length > 0 && install.some((one) => one.package === NAME);
  },
};

/** The methods that the section of that name has, by their calls. */
const methodsOf = (text) => {
  const { prose, rows } = sections(text).find(({ heading }) => heading === 'Methods');
  return [...new Set(all([...prose, ...rows.map(([first]) => first)].join('\n'), /`(\w+)\(/g))];
};

/** What of SKILL.md is not as skills are, or not as README.md has it. */
function skillFaults(skill, readme) {
  const [, front = ''] = /^---\n([\s\S]*?)\n---\n/.exec(skill) || [];
  const isRight = (name) => {
    const [, text] = new RegExp(`^${name}: (.+)$`, 'm').exec(front) || [];
    return text !== undefined && SKILL_FIELDS[name](text);
  };
  const faults = Object.keys(SKILL_FIELDS)
    .filter((name) => !isRight(name))
    .map((name) => `SKILL.md: ${name} is not as it should be`);
  const lines = skill.split('\n').length - 1;
  if (lines >= SKILL_LINES) faults.push(`SKILL.md has ${lines} lines; fewer than ${SKILL_LINES} are allowed`);
  if (!isSame(methodsOf(skill), methodsOf(readme))) faults.push('SKILL.md has other methods than README.md');
  return faults;
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
  const skill = [
    `---\nname: a-b\ndescription: A.\nlicense: ${license}\ncompatibility: C.`,
    `metadata: {"openclaw":{"requires":{"bins":["node"]},"install":[{"package":"${NAME}"}]}}\n---`,
    '## Methods\n\n`connect()` · `send(data)`\n',
  ].join('\n');
  const methods = '## Methods\n\n| `connect()` | `a()` |\n| `send(data, options)` | |\n';
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
    environmentFaults('process.env.A_B', '`A`'),
    environmentFaults('env::var("A_B")', '`A`'),
    skillFaults(skill.replace('a-b', 'A B'), methods),
    skillFaults(skill.replace('description: A.', `description: ${'a'.repeat(1025)}`), methods),
    skillFaults(skill.replace('license', 'licence'), methods),
    skillFaults(skill.replace('"bins":["node"]', '"bins":[]'), methods),
    skillFaults(skill.replace(NAME, 'another'), methods),
    skillFaults(skill.replace('`send(data)`', ''), methods),
    skillFaults(skill + '\n'.repeat(SKILL_LINES), methods),
    fileFaults('a.md', '`nowhere.rs`', ['src/a.rs']),
    linkFaults('README.md', '[a](nowhere.md)'),
    linkFaults('README.md', '[a](docs/errors.md#nowhere)'),
  ];
  const clean = [
    translationFaults(text, text.replace('Say', '说').replace('// why', '// 为何')),
    codeFaults("'WSR_ERR_A'", "OwnErrorCode = 'WSR_ERR_A'; SystemErrorCode =", '### WSR_ERR_A'),
    systemFaults('"EPIPE"', '`EPIPE`'),
    environmentFaults('process.env.A_B; env::var("C_D")', '`A_B`, `C_D`'),
    skillFaults(skill, methods),
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
  ...environmentFaults([...sources, 'scripts/build.js'].map(read).join('\n'), read('docs/operations.md')),
  ...skillFaults(read('SKILL.md'), readme),
  ...documents.flatMap((name) => linkFaults(name, read(name))),
  ...documents.flatMap((name) => fileFaults(name, read(name), files)),
];
for (const fault of faults) console.error(fault);
console.log(`${documents.length} documents, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
