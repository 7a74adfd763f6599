'use strict';

const { badRange } = require('../errors.js');
const { check, isAbsent } = require('./check.js');
const { rowsOf } = require('./table.js');

/** The options that a client holds as they were checked; of the others, parts of it make something of their own. */
const HELD = rowsOf('').filter(({ takes }) => ['policy', 'marks', 'signal'].includes(takes));

/** What stands for the options that a user has not set: one object for all clients. What is frozen, they could not assign. */
const DEFAULTS = {};
for (const { name, default: standard } of HELD) DEFAULTS[name] = standard;

/** Of options that are good by themselves. */
function checkTogether({ heartbeatMode, heartbeatReply }) {
  if (heartbeatMode !== 'ping' || heartbeatReply === undefined) return;
  const allowed = "none with heartbeatMode 'ping', whose reply is the pong";
  throw badRange('heartbeatReply', heartbeatReply, allowed);
}

/** The options of one client, checked. */
function hold(given) {
  const options = Object.create(DEFAULTS);
  for (const row of HELD) {
    if (!isAbsent(given[row.name])) options[row.name] = check(row, given[row.name]);
  }
  checkTogether(options);
  return options;
}

/** Gives one of a client's options another value, checked. */
function assign(options, row, value) {
  const checked = check(row, value);
  const { heartbeatMode, heartbeatReply } = options;
  checkTogether({ heartbeatMode, heartbeatReply, [row.name]: checked });
  options[row.name] = checked;
}

module.exports = { HELD, assign, hold };
