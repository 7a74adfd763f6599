'use strict';

// What the rows of the tables of options are made by.

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} type What checks it, by its name in check.js.
 * @property {any} [default] What stands for an absent value; some options have none.
 * @property {'ms' | 'bytes'} [unit]
 * @property {number} [above] The bounds of a number: above this one.
 * @property {number} [min] At least this one.
 * @property {number} [max] At most this one.
 * @property {boolean} [integer]
 * @property {boolean} [infinite] Whether `Infinity` is a value too.
 * @property {any[]} [choices] The values that are allowed, besides those of the type where it has some of its own.
 * @property {[any, string]} [off] The value that turns it off, and what that does.
 * @property {string} [allowed] What is allowed, where it cannot be told from the rest of the row.
 * @property {boolean} [ignored] It is checked, and has nothing to tune here.
 * @property {boolean} [ofNode] Only Node can honour it, which then makes the connection.
 * @property {boolean} [secret] No error shows its value.
 * @property {string} [takes] What of the client takes a value that is assigned later; `nothing` and `platform`: it can only be read.
 * @property {string} [group] The path of the option that it lies in; '' is the top.
 * @property {string} [path] The group and the name, as users write them.
 */

const MIB = 1024 * 1024;

const number = (name, standard, rest) => ({ name, type: 'number', default: standard, ...rest });
const ms = (name, standard, rest) => number(name, standard, { unit: 'ms', ...rest });
const bytes = (name, standard, rest) => number(name, standard, { unit: 'bytes', ...rest });
const integer = (name, standard, min, rest) => number(name, standard, { integer: true, min, ...rest });
const boolean = (name, standard, rest) => ({ name, type: 'boolean', default: standard, ...rest });
const choice = (name, choices, rest) => ({ name, type: 'choice', default: choices[0], choices, ...rest });
const string = (name, rest) => ({ name, type: 'string', ...rest });
const blobs = (name) => ({ name, type: 'blobs', secret: true });
/** Only Node can honour it, which then makes the connection. */
const ofNode = (row) => ({ ...row, ofNode: true });
const fixed = (name, value) => ({ name, type: 'fixed', default: value });

/** The rows of a group; `takes` is of those that do not say it. */
function group(path, takes, rows) {
  for (const row of rows) {
    row.group = path;
    row.path = path === '' ? row.name : `${path}.${row.name}`;
    row.takes = row.takes || takes;
  }
  return rows;
}

module.exports = { MIB, blobs, boolean, bytes, choice, fixed, group, integer, ms, number, ofNode, string };
