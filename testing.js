'use strict';

const { createServer } = require('./lib/testing/server.js');
const { VirtualLink } = require('./lib/testing/virtual-link.js');

module.exports = { VirtualLink, createServer };
