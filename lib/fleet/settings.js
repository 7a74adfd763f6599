'use strict';

const { badType } = require('../errors.js');
const { checkMembers, checkPresent, isAbsent } = require('../options/check.js');
const { group, integer, ms } = require('../options/rows.js');
const { takeKnown } = require('../names.js');

/** Redis keeps what it knows for three times as long, as a whole number. */
const KEPT = { above: 0, max: 1e15 };

/** What timers can wait. */
const TIMER = { min: 1, max: 2 ** 31 - 1 };

const OWN = group('', 'nothing', [ms('memberTtl', 15000, TIMER), ms('timeout', 1000, TIMER)]);
const NAME = { name: 'name', path: 'name', type: 'name', allowed: 'a string that is not empty' };

const CONNECTS = group('connects', 'nothing', [
  integer('max', undefined, 1),
  ms('per', undefined, KEPT),
  integer('concurrency', undefined, 1),
]);

const CIRCUIT = group('circuit', 'nothing', [
  integer('quorum', 2, 1),
  integer('failureThreshold', 3, 1),
  ms('resetTimeout', 60000, KEPT),
  integer('halfOpenMaxRequests', 1, 1),
]);

const GROUPS = { connects: CONNECTS, circuit: CIRCUIT };
const NAMES = ['redis', 'name', ...Object.keys(GROUPS), ...OWN.map(({ name }) => name)];

/**
 * A group of options; undefined where it is absent.
 * @returns {any}
 */
function checkGroup(path, value) {
  if (isAbsent(value)) return undefined;
  return checkMembers({ path, type: 'object' }, value, GROUPS[path]);
}

/**
 * @typedef {object} Settings
 * @property {object} redis
 * @property {string} name
 * @property {{ max?: number, per?: number, concurrency?: number }} connects With none of them there is no budget.
 * @property {{ quorum: number, failureThreshold: number, resetTimeout: number, halfOpenMaxRequests: number }} [circuit]
 * @property {number} memberTtl
 * @property {number} timeout
 */

/**
 * What `createFleet()` was given, checked.
 * @returns {Settings}
 */
function readSettings(options) {
  if (typeof options !== 'object' || options === null) throw badType('options', options, 'an object');
  const given = takeKnown('options', options, NAMES);
  const connects = checkGroup('connects', given.connects);
  for (const name of connects ? ['max', 'per'] : []) {
    const row = CONNECTS.find((other) => other.name === name);
    checkPresent(row, connects[name]);
  }
  const own = checkMembers({ path: 'options', type: 'object' }, pick(given, OWN), OWN);
  return {
    name: checkPresent(NAME, given.name),
    redis: given.redis,
    connects: connects || {},
    circuit: checkGroup('circuit', given.circuit),
    memberTtl: own.memberTtl,
    timeout: own.timeout,
  };
}

const pick = (given, rows) => Object.fromEntries(rows.map(({ name }) => [name, given[name]]));

module.exports = { readSettings };
