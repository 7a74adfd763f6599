'use strict';

// Writes what documents the options, from lib/options/table.js and option-texts.js, and the events, from event-texts.js,
// between the markers in index.d.ts and in the tables of README.md, README.zh-CN.md and SKILL.md. With `--check` it writes
// nothing, and fails where something else stands there. It proves first that it finds what is planted.

const { readFileSync, writeFileSync } = require('fs');
const path = require('path');
const { allowed, either, literal } = require('../lib/options/check.js');
const { TABLE, rowsOf } = require('../lib/options/table.js');
const events = require('./docs-events.js');
const regions = require('./docs-regions.js');
const TEXTS = require('./option-texts.js');
const { ROOT, install } = require('./tools.js');

const { comment } = regions;

/** A value as code has it; what users write into is empty by default. */
const literalOf = (value) =>
  value instanceof Object ? (Array.isArray(value) ? '[]' : '{}') : literal(value);
/** The same as a document shows it. */
const code = (value) => (Number.isFinite(value) ? String(value) : `\`${literalOf(value)}\``);

const capitalised = (text) => text[0].toUpperCase() + text.slice(1);
const textOf = (row) => TEXTS[row.path] || {};
const isFixed = ({ type }) => type === 'fixed';
const isReadOnly = ({ takes }) => takes === 'nothing' || takes === 'platform';

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
  const readonly = isReadOnly(row) ? 'readonly ' : '';
  return [...heldComment(row), `  ${readonly}${row.name}: ${typeOf(row)};`];
}

/** The property of the class. */
function property(row) {
  const type = typeOf(row);
  const { held = {} } = textOf(row);
  const read = held.get || (row.default === undefined ? `${type} | undefined` : type);
  if (isReadOnly(row)) return [...heldComment(row), `  readonly ${row.name}: ${read};`];
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

/** Whether an option has a row in the tables: what lies in `queue` is told there, what lies in `circuitBreaker` or `connectRate` for itself. */
const isShown = (row) =>
  ['', 'circuitBreaker', 'connectRate', 'websocketOptions'].includes(row.group) &&
  !['circuitBreaker', 'connectRate'].includes(row.path) &&
  !isFixed(row) &&
  // What Node alone knows is told in its own documents.
  (!row.ofNode || textOf(row).en !== undefined);

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
    ConnectRateOptions: options(rowsOf('connectRate')),
    ConnectRateSettings: rowsOf('connectRate').flatMap(setting),
    ProxyOptions: options(rowsOf('proxy')),
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

/** What must be found, and what must not be. */
function optionsTest() {
  const row = { path: 'a', name: 'a', group: '', type: 'number', default: 1, unit: 'ms' };
  const text = { doc: ['A.'], en: 'ms', zh: '毫秒' };
  return {
    planted: [
      textFaults([row], {}),
      textFaults([row], { a: text, b: text }),
      textFaults([row], { a: { ...text, en: 'seconds' } }),
      textFaults([row], { a: { ...text, zh: undefined } }),
      textFaults([{ ...row, default: undefined }], { a: text }),
    ],
    clean: [textFaults([row], { a: text })],
  };
}

const read = (name) => readFileSync(path.join(ROOT, name), 'utf8').replace(/\r\n/g, '\n');

/** What stands between the markers of a file. */
const wantedIn = (name) => ({ ...FILES[name], ...events.FILES[name] });

/** A file with what is generated between its markers. */
function written(name, text) {
  const generated = regions.generated(text, wantedIn(name));
  return name.endsWith('.ts') ? regions.formatted(generated) : generated;
}

/** Where a file is another than what is written. */
function fileFaults(name, text) {
  const misplaced = regions.markerFaults(name, text, wantedIn(name));
  return misplaced.length > 0 ? misplaced : regions.difference(name, text, written(name, text));
}

/** Each document that has tables: with a row that is another, with one that is missing, and without the markers of a table. */
function documentsTest() {
  const planted = [];
  const clean = [];
  for (const name of ['README.md', 'README.zh-CN.md', 'SKILL.md']) {
    const text = written(name, read(name));
    clean.push(fileFaults(name, text));
    for (const [region, lines] of Object.entries(wantedIn(name))) {
      const row = lines[lines.length - 2];
      planted.push(fileFaults(name, text.replace(row, row.replace(' |', ' or another |'))));
      planted.push(fileFaults(name, text.replace(`${row}\n`, '')));
      planted.push(fileFaults(name, text.replace(`:begin ${region} -->`, '-->')));
    }
  }
  return { planted, clean };
}

/** What of the planted is not found, and what is found without being there. */
function selfTest() {
  const tests = {
    options: optionsTest(),
    documents: documentsTest(),
    events: events.selfTest(),
    regions: regions.selfTest(),
  };
  return Object.entries(tests).flatMap(([name, { planted, clean }]) => [
    ...planted.flatMap((found, i) =>
      found.length === 0 ? [`what is planted in ${name} as number ${i + 1} is not found`] : [],
    ),
    ...clean.flat().map((fault) => `nothing is wrong in ${name}, yet found: ${fault}`),
  ]);
}

install(ROOT);
const isCheck = process.argv.includes('--check');
const faults = [...selfTest(), ...textFaults(TABLE, TEXTS), ...events.faults()];
for (const name of Object.keys(FILES)) {
  const text = read(name);
  const misplaced = regions.markerFaults(name, text, wantedIn(name));
  if (isCheck || misplaced.length > 0) faults.push(...fileFaults(name, text));
  else if (text !== written(name, text)) writeFileSync(path.join(ROOT, name), written(name, text));
}
for (const fault of faults) console.error(fault);
console.log(`${TABLE.length} options, ${events.NAMES.length} events, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
