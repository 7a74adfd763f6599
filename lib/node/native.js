'use strict';

const { candidates, firstBinary, load } = require('./binary.js');
const { platformId } = require('./platform.js');

const id = platformId();

/**
 * The addon: what the engine offers to JavaScript. On it lies what a JavaScript environment has once.
 * @type {typeof import('../../native/index.js') & { environment?: import('../../native/index.js').Environment }}
 */
const native = firstBinary(id, candidates(id, process.env), load);

module.exports = native;
