'use strict';

// Writes what documents the options, from lib/options/table.js and option-texts.js, between the markers in index.d.ts and in
// the tables of README.md, README.zh-CN.md and SKILL.md. With `--check` it writes nothing, and fails where something else
// stands there. It proves first that it finds what is planted.

const { readFileSync, writeFileSync } = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');
const { allowed, either, literal } = require('../lib/options/check.js');
const { TABLE, rowsOf } = require('../lib/options/table.js');
const TEXTS = require('./option-texts.js');
const { ROOT, capture, install } = require('./tools.js');

/** So wide are the comments in index.d.ts. */
const WIDTH = 110;

/** A value as code has it; what users write into is empty by default. */
const literalOf = (value) =>
  value instanceof Object ? (Array.isArray(value) ? '[]' : '{}') : literal(value);
/** The same as a document shows it. */
const code = (value) => (Number.isFinite(value) ? String(value) : `\`${literalOf(value)}\``);

const capitalised = (text) => text[0].toUpperCase() + text.slice(1);
const textOf = (row) => TEXTS[row.path] || {};
const isFixed = ({ type }) => type === 'fixed';

// index.d.ts

const TYPES = {
  number: 'number',
  boolean: 'boolean',
  string: 'string',
  text: 'string | object',
  blobs: 'TlsBlobs',
  headers: 'PerAttempt<HeadersInput>',
};

/** The words and other values that an option allows, as a type. */
function choicesOf({ choices = [] }, alias) {
  if (alias) return [alias[0]];
  return choices.includes(true) ? ['boolean'] : choices.map(literal);
}

/** The type of an option in TypeScript. */
function typeOf(row) {
  const { type, alias } = textOf(row);
  if (type) return type;
  if (isFixed(row)) return literal(row.default);
  return [TYPES[row.type], ...choicesOf(row, alias)].filter(Boolean).join(' | ');
}

/** What the row says that one may give, as a sentence. */
function allowedSentence(row) {
  if (row.type === 'number') return `${capitalised(allowed(row, code))}.`;
  return row.off ? `${code(row.off[0])} ${row.off[1]}.` : '';
}

/** The default as TSDoc has it. */
function defaultOf(row) {
  if (isFixed(row) || row.ignored) return undefined;
  const { standard } = textOf(row);
  return standard ? standard[0] : literalOf(row.default).replace(/[{}]/g, '\\$&');
}

/** Words in lines that fit behind what a comment's lines begin with. */
function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A comment of these sentences, with the default and an example where there are such. */
function comment(sentences, standard, example) {
  const told = sentences.filter(Boolean).join(' ');
  const tag = standard === undefined ? '' : `@defaultValue ${standard}`;
  const line = `  /** ${[told, tag].filter(Boolean).join(' ')} */`;
  if (line.length <= WIDTH && !example) return [line];
  const lines = [...wrap(told, WIDTH - 5), ...(tag ? [tag] : [])];
  if (example) lines.push('', '@example', '```ts', ...example.trim().split('\n'), '```');
  return ['  /**', ...lines.map((text) => `   * ${text}`.trimEnd()), '   */'];
}

function option(row) {
  const { doc = [], example } = textOf(row);
  const [effect, ...more] = row.ignored ? ['Taken, as in `ws`; has nothing to tune here.'] : doc;
  const sentences = [effect, row.ignored ? '' : allowedSentence(row), ...more];
  return [...comment(sentences, defaultOf(row), example), `  ${row.name}?: Optional<${typeOf(row)}>;`];
}

/** What is told of an option where its value can be read. */
function heldComment(row) {
  const { doc = [], held = {} } = textOf(row);
  return comment(held.doc ? [held.doc] : [doc[0], allowedSentence(row)]);
}

function setting(row) {
  const readonly = row.takes === 'nothing' ? 'readonly ' : '';
  return [...heldComment(row), `  ${readonly}${row.name}: ${typeOf(row)};`];
}

/** The property of the class. */
function property(row) {
  const type = typeOf(row);
  const { held = {} } = textOf(row);
  const read = held.get || (row.default === undefined ? `${type} | undefined` : type);
  if (row.takes === 'nothing') return [...heldComment(row), `  readonly ${row.name}: ${read};`];
  return [
    ...heldComment(row),
    `  get ${row.name}(): ${read};`,
    `  set ${row.name}(value: ${held.set || `Optional<${type}>`});`,
  ];
}

/** The type of the words of an option. */
function aliasOf(row) {
  const { alias } = textOf(row);
  if (!alias) return [];
  const [name, told] = alias;
  return [`/** ${told} */`, `export type ${name} = ${row.choices.map(literal).join(' | ')};`, ''];
}

// The tables.

/** The two languages: how a table says what the row says. */
const ENGLISH = {
  cell: 'en',
  head: '| option | default | meaning |',
  standard: 1,
  off: ' (off)',
  units: { ms: /\bms\b/, bytes: /\bbytes\b/ },
  either,
  comma: ', ',
  list: ', ',
  above: (bound) => `above ${bound}`,
  least: (bound) => `at least ${bound}`,
  range: (min, max) => `${min} to ${max}`,
  turnsOff: ({ off: [value, means] }) => `; ${code(value)} ${means}`,
};
const SKILL = { ...ENGLISH, cell: 'skill' };
const CHINESE = {
  cell: 'zh',
  head: '| 选项 | 默认值 | 含义 |',
  standard: 2,
  off: '（关闭）',
  units: { ms: /毫秒/, bytes: /字节/ },
  either: (words) => words.join('、').replace(/、([^、]*)$/, ' 或 $1'),
  comma: '，',
  list: '、',
  above: (bound) => `大于 ${bound}`,
  least: (bound) => `不小于 ${bound}`,
  range: (min, max) => `${min} 到 ${max}`,
  turnsOff: (row) => `；${code(row.off[0])} 表示${textOf(row).zhOff || '关闭'}`,
};

const cellOf = (row, { cell }) => textOf(row)[cell] || textOf(row).en || '';

/** A bound from here on is that of the number that holds it: no reader asks for it. */
const LARGE = 2 ** 32 - 1;

const isOff = ({ default: standard, off }) => off !== undefined && standard === off[0];

/** The default of an option in a table. */
function standardCell(row, language) {
  const { standard } = textOf(row);
  if (standard) return standard[language.standard];
  return row.type === 'number' && isOff(row) ? code(row.default) + language.off : code(row.default);
}

/** The bounds and words of a number, and what turns an option off, at the end of its cell. */
function tail(row, language) {
  const { type, above, min, max, choices = [] } = row;
  const bounds = [];
  if (above !== undefined) bounds.push(language.above(above));
  else if (max < LARGE) bounds.push(language.range(min, max));
  else if (min > 0) bounds.push(language.least(min));
  const allowedToo = type === 'number' ? [...bounds, ...choices.map(code)] : [];
  const told = allowedToo.length > 0 ? language.comma + language.either(allowedToo) : '';
  return told + (row.off && !isOff(row) ? language.turnsOff(row) : '');
}

function rowOf(row, language) {
  const inside = (rowsOf(row.path) || []).filter((one) => !isFixed(one) && !one.ignored);
  const names = inside.map(({ name }) => `\`${name}\``).join(language.list);
  const defaults = `{ ${inside.map((one) => `${one.name}: ${literal(one.default)}`).join(', ')} }`;
  const cell = cellOf(row, language).replace('{names}', names).replace('{defaults}', defaults);
  const end = tail(row, language);
  const meaning = cell.includes('{}') ? cell.replace('{}', end) : cell + end;
  const shown = row.group === 'websocketOptions' ? row.name : row.path;
  return `| \`${shown}\` | ${standardCell(row, language)} | ${meaning} |`;
}

/** Whether an option has a row in the tables: what lies in `queue` is told there, what lies in `circuitBreaker` for itself. */
const isShown = (row) =>
  ['', 'circuitBreaker', 'websocketOptions'].includes(row.group) &&
  row.path !== 'circuitBreaker' &&
  !isFixed(row);

const SHOWN = TABLE.filter(isShown);
const isInner = (row) => row.group === 'websocketOptions';
const isOfReconnecting = (row) => textOf(row).table === 'reconnecting';
const MAIN = SHOWN.filter((row) => !isInner(row) && !isOfReconnecting(row));
const RECONNECTING = SHOWN.filter(isOfReconnecting);
const INNER = SHOWN.filter(isInner);

const table = (rows, language) => [
  '',
  language.head,
  '|---|---|---|',
  ...rows.map((row) => rowOf(row, language)),
  '',
];

const tablesOf = (language) => ({
  options: table(MAIN, language),
  reconnecting: table(RECONNECTING, language),
  websocketOptions: table(INNER, language),
});

const DEFLATE = 'websocketOptions.perMessageDeflate';
const isPlace = ({ type }) => type === 'url' || type === 'urls';
const top = rowsOf('');
const options = (rows) => rows.flatMap(option);

/** What stands between the markers of each file, by their names. */
const FILES = {
  'index.d.ts': {
    words: TABLE.flatMap(aliasOf).slice(0, -1),
    Places: options(top.filter(isPlace)),
    CommonOptions: options(top.filter((row) => !isPlace(row))),
    CircuitBreakerOptions: options(rowsOf('circuitBreaker')),
    CircuitBreakerSettings: rowsOf('circuitBreaker').flatMap(setting),
    QueueOptions: options(rowsOf('queue')),
    QueueSettings: rowsOf('queue').flatMap(setting),
    WebSocketOptions: options(rowsOf('websocketOptions')),
    PerMessageDeflateOptions: options(rowsOf(DEFLATE)),
    ZlibDeflateOptions: options(rowsOf(`${DEFLATE}.zlibDeflateOptions`)),
    ZlibInflateOptions: options(rowsOf(`${DEFLATE}.zlibInflateOptions`)),
    WebSocketReconnect: top.flatMap(property),
  },
  'README.md': tablesOf(ENGLISH),
  'README.zh-CN.md': tablesOf(CHINESE),
  'SKILL.md': {
    options: table(
      SHOWN.filter((row) => !isInner(row)),
      SKILL,
    ),
  },
};

/** What the texts lack, or have too much. */
function textFaults(rows, texts) {
  const paths = rows.map((row) => row.path);
  const leftovers = Object.keys(texts).filter((name) => !paths.includes(name));
  const faults = leftovers.map((name) => `option-texts.js: there is no option ${name}`);
  for (const row of rows.filter(({ ignored }) => !ignored)) {
    const text = texts[row.path] || {};
    const lacks = (what) => faults.push(`option-texts.js: ${row.path} lacks ${what}`);
    if (!text.doc) lacks('doc');
    if (row.default === undefined && !text.standard) lacks('standard');
    if (!isShown(row)) continue;
    for (const { cell, units } of [ENGLISH, CHINESE, SKILL]) {
      const told = text[cell] || (cell === 'skill' ? text.en : undefined);
      if (!told) lacks(cell);
      else if (row.unit && !units[row.unit].test(told)) lacks(`the unit ${row.unit} in ${cell}`);
    }
  }
  return faults;
}

const MARKED = /((?:<!--|\/\/) options:begin (\w+)(?: -->)?\n)[\s\S]*?( *(?:<!--|\/\/) options:end)/g;

/** Where the markers in a file are others than those of what is written there. */
function markerFaults(file, text, regions) {
  const marked = [...text.matchAll(MARKED)].map(([, , name]) => name).sort();
  const wanted = Object.keys(regions).sort();
  return isDeepStrictEqual(marked, wanted) ? [] : [`${file} has markers for ${marked}, not for ${wanted}`];
}

/** A file's text with what is generated between its markers. */
const generated = (text, regions) =>
  text.replace(MARKED, (_, begin, name, end) => `${begin}${regions[name].join('\n')}\n${end}`);

/** As the formatter has it, which breaks long types. */
function formatted(text) {
  const biome = path.join(ROOT, 'node_modules', '.bin', 'biome');
  const { ok, output } = capture(biome, ['format', '--stdin-file-path=index.d.ts'], { input: text });
  if (!ok) throw new Error(output);
  return output;
}

/** The first line where a file is another than it should be. */
function difference(name, actual, wanted) {
  const [ours, theirs] = [actual.split('\n'), wanted.split('\n')];
  if (actual === wanted) return [];
  const at = [...theirs, undefined].findIndex((line, i) => line !== ours[i]);
  return [`${name}:${at + 1}: npm run docs:options writes something else: ${theirs[at] || 'nothing'}`];
}

function selfTest() {
  const row = { path: 'a', name: 'a', group: '', type: 'number', default: 1, unit: 'ms' };
  const text = { doc: ['A.'], en: 'ms', zh: '毫秒' };
  const before = '// options:begin A\nold\n// options:end\n';
  const planted = [
    textFaults([row], {}),
    textFaults([row], { a: text, b: text }),
    textFaults([row], { a: { ...text, en: 'seconds' } }),
    textFaults([row], { a: { ...text, zh: undefined } }),
    textFaults([{ ...row, default: undefined }], { a: text }),
    markerFaults('a', before, { A: [], B: [] }),
    markerFaults('a', before, {}),
    difference('a', before, generated(before, { A: ['new'] })),
    difference('a', 'a\nb\n', 'a\n'),
  ];
  const clean = [
    textFaults([row], { a: text }),
    markerFaults('a', before, { A: [] }),
    difference('a', before, generated(before, { A: ['old'] })),
  ];
  return [
    ...planted.flatMap((found, i) =>
      found.length === 0 ? [`what is planted as number ${i + 1} is not found`] : [],
    ),
    ...clean.flat().map((fault) => `nothing is wrong, yet found: ${fault}`),
  ];
}

install(ROOT);
const isCheck = process.argv.includes('--check');
const faults = [...selfTest(), ...textFaults(TABLE, TEXTS)];
for (const [name, regions] of Object.entries(FILES)) {
  const file = path.join(ROOT, name);
  const text = readFileSync(file, 'utf8').replace(/\r\n/g, '\n');
  const misplaced = markerFaults(name, text, regions);
  faults.push(...misplaced);
  if (misplaced.length > 0) continue;
  const written = generated(text, regions);
  const wanted = name.endsWith('.ts') ? formatted(written) : written;
  if (isCheck) faults.push(...difference(name, text, wanted));
  else if (text !== wanted) writeFileSync(file, wanted);
}
for (const fault of faults) console.error(fault);
console.log(`${TABLE.length} options, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
