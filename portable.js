'use strict';

module.exports = require('./lib/browser/portable.js');
