'use strict';

const { checkMembers, isAbsent } = require('./check.js');
const { sharing } = require('./shared.js');
const { ROWS, rowsOf } = require('./table.js');

const MEMBERS = rowsOf('connectRate');

const shared = sharing();

/**
 * The budget of attempts, checked: one object for all clients that were given the same; undefined where it is off.
 * @returns {Readonly<Record<string, any>> | undefined}
 */
function connectRate(value) {
  if (isAbsent(value) || value === false) return undefined;
  return Object.freeze(shared(checkMembers(ROWS.connectRate, value, MEMBERS)));
}

module.exports = { connectRate };
