'use strict';

const { openWith } = require('./reconnect.js');

module.exports = { open: openWith(require('./skill-class.js')) };
