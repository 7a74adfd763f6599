'use strict';

const { deadPort } = require('../peer/index.js');

/** A URL at which nobody listens. */
const deadUrl = async () => `ws://127.0.0.1:${await deadPort()}/`;

module.exports = { deadUrl };
