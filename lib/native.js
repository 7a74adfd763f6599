'use strict';

const { candidates, firstBinary, load } = require('./binary.js');
const { platformId } = require('./platform.js');

const id = platformId();

/** The addon: what the engine offers to JavaScript. */
module.exports = firstBinary(id, candidates(id, process.env), load);
