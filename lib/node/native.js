'use strict';

const { loadBinary } = require('./binary.js');
const { platformId } = require('./platform.js');

/**
 * The addon: what the engine offers to JavaScript. On it lies what a JavaScript environment has once.
 * @type {typeof import('../../native/index.js') & { environment?: import('../../native/index.js').Environment }}
 */
const native = loadBinary(platformId());

module.exports = native;
