'use strict';

const { refuse } = require('../names.js');
const { check, checkMembers, isAbsent } = require('./check.js');
const { sharing } = require('./shared.js');
const { ROWS, rowsOf } = require('./table.js');

/** On the circuit breaker's settings: whose they are. */
const OWNER = Symbol('owner');

const MEMBERS = rowsOf('circuitBreaker');
const NAMES = MEMBERS.map(({ name }) => name);

/** Checks what is assigned to the circuit breaker's settings, and tells their owner. Nothing can be taken away. */
const CHECKED = {
  set(settings, name, value) {
    if (!NAMES.includes(name)) refuse('circuitBreaker', String(name), NAMES);
    settings[name] = check(ROWS[`circuitBreaker.${name}`], value);
    settings[OWNER].configure();
    return true;
  },
  defineProperty: () => false,
  deleteProperty: () => false,
};

const shared = sharing();

const read = (asked) => Object.freeze(shared(checkMembers(ROWS.circuitBreaker, asked, MEMBERS)));

/** Those of who was given none. */
const STANDARD = read(undefined);

/**
 * The circuit breaker's settings, which clients share that were given the same.
 * @returns {Readonly<Record<string, any>>}
 */
function circuitBreaker(value) {
  if (isAbsent(value)) return STANDARD;
  return read(value === false ? { failureThreshold: Infinity } : value);
}

/** The settings as the user has them: an object that checks what is assigned, and tells the owner. */
function assignable(settings, owner) {
  const own = Object.assign({}, settings);
  return new Proxy(Object.defineProperty(own, OWNER, { value: owner }), CHECKED);
}

module.exports = { assignable, circuitBreaker };
