'use strict';

// The path of the JavaScript skill that this package stands in for.
module.exports = require('../index.js');
