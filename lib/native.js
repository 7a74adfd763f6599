'use strict';

const { candidates, load, platformId } = require('./binary.js');

const id = platformId();

/** The addon: what the engine offers to JavaScript. */
module.exports = load(id, candidates(id), require);
