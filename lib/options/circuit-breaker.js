'use strict';

const { refuse } = require('../names.js');
const { check, checkMembers } = require('./check.js');
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

/** The circuit breaker's settings as an object that checks what is assigned, and tells their owner. */
function circuitBreaker(value, owner) {
  const asked = value === false ? { failureThreshold: Infinity } : value;
  const settings = checkMembers(ROWS.circuitBreaker, asked, MEMBERS);
  return new Proxy(Object.defineProperty(settings, OWNER, { value: owner }), CHECKED);
}

module.exports = { circuitBreaker };
