'use strict';

const { badRange } = require('../errors.js');
const { check, isAbsent } = require('./check.js');
const { sharing } = require('./shared.js');
const { rowsOf } = require('./table.js');

/** The options that clients hold as they were checked; of the others, parts of it make something of their own. */
const HELD = rowsOf('').filter(({ takes }) => ['policy', 'marks', 'signal'].includes(takes));

/** What stands for the options that a user has not set: one object for all clients. */
const DEFAULTS = {};
for (const { name, default: standard } of HELD) DEFAULTS[name] = standard;

/** Of options that are good by themselves. */
function checkTogether({ heartbeatMode, heartbeatReply }) {
  if (heartbeatMode !== 'ping' || heartbeatReply === undefined) return;
  const allowed = "none with heartbeatMode 'ping', whose reply is the pong";
  throw badRange('heartbeatReply', heartbeatReply, allowed);
}

const shared = sharing();

/** Options as clients hold them that were given the same; what is of one user alone, such as a function, is shared with nobody. */
function held(options) {
  const isContent = Object.keys(options).every((name) => !isOfUser(options[name]));
  return Object.freeze(isContent ? shared(options) : options);
}

const isOfUser = (value) => typeof value === 'function' || typeof value === 'object';

/** What is held by who was given nothing. */
const NONE = held(Object.create(DEFAULTS));

/** The options of a client, checked. */
function hold(given) {
  let options = NONE;
  for (const row of HELD) {
    if (isAbsent(given[row.name])) continue;
    if (options === NONE) options = Object.create(DEFAULTS);
    options[row.name] = check(row, given[row.name]);
  }
  if (options === NONE) return NONE;
  checkTogether(options);
  return held(options);
}

/** The options of a client with another value for one, checked. */
function withOption(options, row, value) {
  const changed = Object.assign(Object.create(DEFAULTS), options);
  changed[row.name] = check(row, value);
  checkTogether(changed);
  return held(changed);
}

module.exports = { HELD, hold, withOption };
