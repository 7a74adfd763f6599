'use strict';

const { checkMembers } = require('./check.js');
const { ARGUMENT } = require('./table.js');

const MEMBERS = ['binary', 'compress', 'fin', 'mask', 'volatile'].map((name) => ({
  name,
  path: `options.${name}`,
  type: 'boolean',
}));

/** The options of one message, which are those of `ws` and `volatile`, each of which is a boolean where it is given. */
const checkSending = (options) => checkMembers(ARGUMENT, options, MEMBERS);

module.exports = { checkSending };
