'use strict';

// What docs-options.js writes of the events, from event-texts.js, and what those texts lack.

const { readFileSync, readdirSync } = require('fs');
const path = require('path');
const { comment, difference, generated } = require('./docs-regions.js');
const EVENTS = require('./event-texts.js');
const { ROOT } = require('./tools.js');

/**
 * @typedef {import('./event-texts.js').Text} Text
 * @typedef {Record<string, Text>} Events
 */

// index.d.ts

/**
 * The type of an event's first argument, if there is one.
 * @param {Text} text
 */
const firstType = ({ args }) => Object.values(args)[0];

/**
 * The type that is made for an event's argument.
 * @param {[string, Text]} event
 */
function argument([name, text]) {
  if (!text.fields) return [];
  const told = text.told || `The argument of \`${name}\`.`;
  const fields = Object.entries(text.fields).flatMap(([field, [type, doc]]) => [
    ...(doc ? comment([doc]) : []),
    `  readonly ${field}: ${type};`,
  ]);
  const parameter = text.parameter ? `<${text.parameter}>` : '';
  return ['', `/** ${told} */`, `export interface ${firstType(text)}${parameter} {`, ...fields, '}'];
}

/** @param {[string, Text]} event */
function member([name, { doc, args }]) {
  const list = Object.entries(args).map(([arg, type]) => `${arg}: ${type}`);
  // It is unknown where the types of Node are not there.
  const ignored = name.startsWith('[') ? ['  // @ts-ignore'] : [];
  return [...comment([doc]), ...ignored, `  ${name}: [${list.join(', ')}];`];
}

/** @param {[string, Text]} event */
const mapped = ([name, text]) => `  ${name}: ${text.whatwg || firstType(text) || 'undefined'};`;

/** @param {[string, Text]} event */
const handler = ([name, { whatwg }]) =>
  `  on${name}: ((this: WebSocketReconnect, event: ${whatwg}) => unknown) | null;`;

// The tables.

const ENGLISH = { cell: 'en', head: '| event | argument |', list: ', ' };
const SKILL = { ...ENGLISH, cell: 'skill' };
const CHINESE = { cell: 'zh', head: '| 事件 | 参数 |', list: '、' };

/**
 * Whether an event has a row of its own in the tables.
 * @param {Text} text
 */
const isShown = ({ inherited, row }) => !inherited && !row;

/** @param {Events} events */
function table(events, language) {
  const rows = Object.entries(events).filter(([, text]) => isShown(text));
  return [
    '',
    language.head,
    '|---|---|',
    ...rows.map(([name, text]) => {
      const names = [name, ...Object.keys(events).filter((other) => events[other].row === name)];
      const fields = Object.keys(text.fields || {}).map((field) => field.replace('?', ''));
      const cell = text[language.cell] || text.en || '';
      const shown = names.map((one) => `\`${one}\``).join(language.list);
      return `| ${shown} | ${cell.replace('{fields}', `\`{ ${fields.join(', ')} }\``)} |`;
    }),
    '',
  ];
}

const all = Object.entries(EVENTS);
const own = all.filter(([, { inherited }]) => !inherited);

/** What stands between the markers of each file, by their names. */
const FILES = {
  'index.d.ts': {
    arguments: all.flatMap(argument).slice(1),
    WebSocketReconnectEvents: all.flatMap(member),
    WebSocketReconnectEventMap: own.map(mapped),
    handlers: own.filter(([, { whatwg }]) => whatwg).map(handler),
  },
  'README.md': { events: table(EVENTS, ENGLISH) },
  'README.zh-CN.md': { events: table(EVENTS, CHINESE) },
  'SKILL.md': { events: table(EVENTS, SKILL) },
};

// What the texts lack.

/** The names of the events that the sources tell, where the name stands there. */
const namesTold = (source) =>
  [...source.matchAll(/\btell\((?:(?:this\.)?emitter, )?'(\w+)'/g)].map(([, name]) => name);

/**
 * What the texts lack: an event that the sources tell, a cell, or the fields in it.
 * @param {Events} events
 */
function textFaults(events, source) {
  const faults = [...new Set(namesTold(source))]
    .filter((name) => !(name in events))
    .map((name) => `event-texts.js: ${name} is told, and has no text`);
  for (const [name, text] of Object.entries(events)) {
    const lacks = (what) => faults.push(`event-texts.js: ${name} lacks ${what}`);
    if (!text.doc) lacks('doc');
    if (text.row && !(text.row in events && isShown(events[text.row]))) lacks(`the row ${text.row}`);
    if (!isShown(text)) continue;
    for (const { cell } of [ENGLISH, CHINESE, SKILL]) {
      const told = text[cell] || (cell === 'skill' ? text.en : undefined);
      if (!told) lacks(cell);
      else if (told.includes('{fields}') !== Boolean(text.fields)) lacks(`fields, or {fields} in ${cell}`);
    }
  }
  return faults;
}

const FACADE = path.join(ROOT, 'lib', 'facade');

function faults() {
  const sources = readdirSync(FACADE).map((name) => readFileSync(path.join(FACADE, name), 'utf8'));
  return textFaults(EVENTS, sources.join('\n'));
}

/** What must be found, and what must not be. */
function selfTest() {
  /** @type {Text} */
  const text = { doc: 'A.', args: { info: 'A' }, fields: { b: ['number'] }, en: '{fields}', zh: '{fields}' };
  const events = { a: text, c: { doc: 'C.', args: {}, row: 'a' } };
  const regions = { A: table(events, ENGLISH) };
  const written = generated('<!-- events:begin A -->\n<!-- events:end -->\n', regions);
  const changed = (from, to) => difference('a', written.replace(from, to), generated(written, regions));
  return {
    planted: [
      textFaults({}, "this.tell('a');"),
      textFaults({}, "tell(emitter, 'a');"),
      textFaults({ a: { ...text, doc: '' } }, ''),
      textFaults({ a: { ...text, zh: undefined } }, ''),
      textFaults({ a: { ...text, skill: 'none' } }, ''),
      textFaults({ a: { ...text, fields: undefined } }, ''),
      textFaults({ c: events.c }, ''),
      changed('{ b }', '{ c }'),
      changed('`a`, `c`', '`a`'),
      changed(/\| `a`.*\n/, ''),
      changed(/(\| `a`.*\n)/, '$1$1'),
    ],
    clean: [textFaults(events, "this.tell('a');"), changed('', '')],
  };
}

module.exports = { FILES, NAMES: Object.keys(EVENTS), faults, selfTest };
