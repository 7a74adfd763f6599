'use strict';

const { types } = require('util');
const { badType } = require('./errors.js');

/** What has entries in an order of its own and can be read again: by what it calls itself, as there are several makers of each. */
const LISTS = ['[object Headers]', '[object URLSearchParams]'];

/** Whether an object is one of names and values, of this realm or another, and no instance of a class. */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const isPair = (entry) => Array.isArray(entry) && entry.length === 2;

/** The entries of headers in any of their forms; undefined where it is none. */
function entriesOf(given) {
  if (typeof given !== 'object') return undefined;
  if (Array.isArray(given) || types.isMap(given) || LISTS.includes(Object.prototype.toString.call(given))) {
    const entries = Array.from(given);
    return entries.every(isPair) ? entries : undefined;
  }
  return isPlain(given) ? Object.entries(given) : undefined;
}

/** Name, value, name, value, … of request headers, as the engine takes them; none where they are absent. */
function readHeaders(given, place) {
  if (given === undefined || given === null) return [];
  const allowed = 'an object of names and values, Headers, a Map, URLSearchParams, or an array of entries';
  const entries = entriesOf(given);
  if (entries === undefined) throw badType(place, given, allowed);
  const flat = [];
  for (const [name, value] of entries) {
    if (typeof name !== 'string') throw badType(`${place}: a name`, name, 'a string');
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string' && typeof one !== 'number') {
        const where = `${place}[${JSON.stringify(name)}]`;
        throw badType(where, value, 'a string, a number, or an array of strings');
      }
      flat.push(name, String(one));
    }
  }
  return flat;
}

module.exports = { readHeaders };
