'use strict';

// What of Node's `util` lib/ uses, for bundles.

const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** A primitive as code has it, and what an object calls itself. */
function inspect(value) {
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  return Object(value) === value ? `[${tagOf(value)}]` : String(value);
}

const types = {
  isNativeError: (value) => tagOf(value) === 'Error',
  isRegExp: (value) => tagOf(value) === 'RegExp',
  isMap: (value) => tagOf(value) === 'Map',
  isUint8Array: (value) => ArrayBuffer.isView(value) && tagOf(value) === 'Uint8Array',
};

module.exports = { inspect, types };
