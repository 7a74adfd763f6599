'use strict';

// One checker for each type of option, and one wording of what is wrong.

const { types } = require('util');
const { badRange, badType, coded } = require('../errors.js');
const { takeKnown } = require('../names.js');
const { readHeaders } = require('../request-headers.js');

const UNITS = { ms: 'milliseconds', bytes: 'bytes' };

const isFunction = (value) => typeof value === 'function';
const isAbsent = (value) => value === undefined || value === null;
const isObject = (value) => typeof value === 'object' && value !== null;

/** A value as code has it. */
const literal = (value) => (typeof value === 'string' ? `'${value}'` : String(value));

/** Several things that are allowed, as one is told of them. */
function either(words) {
  const last = words[words.length - 1];
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${last}` : last;
}

/** What a number is counted in. */
function countedIn({ unit, integer }) {
  if (unit) return `a ${integer ? 'whole ' : ''}number of ${UNITS[unit]}`;
  return integer ? 'an integer' : 'a number';
}

/** The bounds of a number. */
function bounds({ above, min, max }) {
  if (above !== undefined) return `above ${above}${max === undefined ? '' : `, up to ${max}`}`;
  if (max !== undefined) return `from ${min} to ${max}`;
  return min === undefined ? '' : `of at least ${min}`;
}

/** What each type allows besides the row's choices. */
const KINDS = {
  number: (row) => `${countedIn(row)} ${bounds(row)}`.trim(),
  boolean: () => 'true or false',
  string: () => 'a string',
  function: () => 'a function',
  object: () => 'an object',
  strings: () => 'a string or an array of strings',
  text: () => 'a string, or an object that JSON can hold',
  matcher: () => 'a RegExp or a function',
  signal: () => 'an AbortSignal',
  url: () => 'a string or a URL with ws:, wss:, http: or https:',
  urls: () => 'an array of strings or URLs with ws:, wss:, http: or https:, at least one and each once',
  blobs: () => 'a string or Buffer, or an array of them',
  proxy: () => 'a string or a URL, an object with url',
  agent: () => 'an agent as http and https have them, or false',
};

/** What an option may be, as errors and documents tell it; `show` writes a value. */
function allowed(row, show = literal) {
  if (row.allowed) return row.allowed;
  const values = [...(row.choices || []), ...(row.infinite ? [Infinity] : [])].map(show);
  const kind = KINDS[row.type];
  const all = kind ? [kind(row), ...values] : values;
  return either(all) + (row.off ? `; ${show(row.off[0])} ${row.off[1]}` : '');
}

const isChoice = ({ choices }, value) => choices !== undefined && choices.includes(value);
const wrongType = (row, value, name = row.path) => badType(name, value, allowed(row));
const outOfRange = (row, value, name = row.path) => badRange(name, value, allowed(row));

/** That a value is of the type that `isOfType` tells, as it is. */
const ofType = (isOfType) => (row, value) => {
  if (isOfType(value) || isChoice(row, value)) return value;
  throw wrongType(row, value);
};

function fitsNumber({ integer, infinite, above, min, max }, value) {
  if (value === Infinity) return infinite === true;
  return (
    (integer ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    (above === undefined || value > above) &&
    (min === undefined || value >= min) &&
    (max === undefined || value <= max)
  );
}

/** Anything with an `href` is a URL: there are several makers of those. */
function url(row, value, name) {
  const text = isObject(value) ? value.href : value;
  if (typeof text === 'string') return text;
  throw badType(name || row.path, value, row.allowed || KINDS.url());
}

/** By what it can do: Node 14.0 has no AbortSignal, and users bring their own. */
const isSignal = (value) =>
  isObject(value) && typeof value.aborted === 'boolean' && isFunction(value.addEventListener);

/** What is given in the place of a PEM by mistake: one line that begins or ends as paths do. */
const PATH = /^(?!.*-----)(\.{0,2}[\\/].*|~\/.*|[a-z]:[\\/].*|.*\.(pem|crt|cer|der|key|pfx|p12))$/i;

/** What checks a value that is there, by the row's type: returns what is held for it, or throws. */
const CHECKERS = {
  number(row, value) {
    if (isChoice(row, value)) return value;
    if (typeof value !== 'number') throw wrongType(row, value);
    if (!fitsNumber(row, value)) throw outOfRange(row, value);
    return value;
  },

  choice(row, value) {
    if (isChoice(row, value)) return value;
    throw typeof value === typeof row.choices[0] ? outOfRange(row, value) : wrongType(row, value);
  },

  name(row, value) {
    if (typeof value !== 'string') throw wrongType(row, value);
    if (value === '') throw outOfRange(row, value);
    return value;
  },

  boolean: ofType((value) => typeof value === 'boolean'),
  string: ofType((value) => typeof value === 'string'),
  function: ofType(isFunction),
  object: ofType((value) => isObject(value) && !Array.isArray(value)),
  proxy: ofType((value) => typeof value === 'string' || (isObject(value) && !Array.isArray(value))),
  matcher: ofType((value) => types.isRegExp(value) || isFunction(value)),
  signal: ofType(isSignal),
  agent: ofType((value) => value === false || (isObject(value) && isFunction(value.addRequest))),

  /** A list of them. */
  strings(row, value) {
    // What is not there counts too.
    const list = Array.isArray(value) ? Array.from(value) : [value];
    if (list.every((entry) => typeof entry === 'string')) return list;
    throw wrongType(row, value);
  },

  /** The text that is sent for it. */
  text(row, value) {
    if (typeof value === 'string') return value;
    if (!isObject(value)) throw wrongType(row, value);
    let text;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      throw badType(row.path, value, `${allowed(row)} (${error.message})`);
    }
    if (text === undefined) throw wrongType(row, value);
    return text;
  },

  url,

  urls(row, value) {
    if (!Array.isArray(value)) throw wrongType(row, value);
    if (value.length === 0) throw outOfRange(row, value);
    const list = Array.from(value, (entry, index) => url(row, entry, `${row.path}[${index}]`));
    const again = list.findIndex((entry, index) => list.indexOf(entry) < index);
    if (again >= 0) throw outOfRange(row, list[again], `${row.path}[${again}]`);
    return list;
  },

  /** A list of texts and bytes. */
  blobs(row, value) {
    const list = Array.isArray(value) ? Array.from(value) : [value];
    for (const entry of list) {
      if (typeof entry !== 'string' && !types.isUint8Array(entry)) throw wrongType(row, entry);
      if (typeof entry === 'string' && PATH.test(entry)) {
        const message = `${row.path}: is the path of a file, as it seems; allowed is what the file holds, as fs.readFileSync returns it`;
        throw coded(RangeError, 'WSR_ERR_OPTION', message);
      }
    }
    return list;
  },

  /** Name, value, name, value, … */
  headers: (row, value) => readHeaders(value, row.path),
};

/** A default for one client: users write into lists and objects. */
function standard({ default: value }) {
  if (Array.isArray(value)) return [...value];
  return isObject(value) ? { ...value } : value;
}

/** Checks a value that must be there. */
const checkPresent = (row, value) => CHECKERS[row.type](row, value);

/** Checks the value of an option; `undefined` and `null` give the default. */
const check = (row, value) => (isAbsent(value) ? standard(row) : checkPresent(row, value));

/** The same, where a function that says it for each attempt stands as it is. */
const checkPerAttempt = (row, value) => (isFunction(value) ? value : check(row, value));

/** Checks what an object has of the options in these rows, by their names; any other throws. */
function checkMembers(row, value, rows) {
  const asked = check(row, value);
  const names = rows.map(({ name }) => name);
  const given = takeKnown(row.path, isObject(asked) ? asked : {}, names);
  const read = {};
  for (const inner of rows) read[inner.name] = check(inner, given[inner.name]);
  return read;
}

/** Whether TLS is spoken with the server, or the proxy, of a URL. */
const isSecureUrl = (url) => /^(wss|https|wss\+unix):/i.test(url.trim());

module.exports = {
  allowed,
  check,
  checkMembers,
  checkPerAttempt,
  checkPresent,
  either,
  isAbsent,
  isFunction,
  isSecureUrl,
  literal,
};
