'use strict';

const { holdWith, openWith } = require('./reconnect.js');

const theClass = require('./skill-class.js');

module.exports = { open: openWith(theClass), hold: holdWith(theClass) };
