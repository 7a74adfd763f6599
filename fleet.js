'use strict';

const { Fleet, createFleet } = require('./lib/fleet/fleet.js');

module.exports = { Fleet, createFleet };
