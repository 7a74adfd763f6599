'use strict';

// What `proxy` may have as an object, as lib/options/table.js has the options of the class.

const { blobs, boolean, group, string } = require('./rows.js');

/** @typedef {import('./rows.js').Row} Row */

/** @type {Row[]} */
const PROXY_TABLE = group('proxy', 'route', [
  { name: 'url', type: 'url', allowed: 'a URL with http:, https:, socks5:, socks5h:, socks4: or socks4a:' },
  { name: 'headers', type: 'headers', secret: true },
  string('auth', { allowed: "a string 'user:password'", secret: true }),
  boolean('rejectUnauthorized', true),
  blobs('ca'),
  blobs('cert'),
  blobs('key'),
]);

module.exports = { PROXY_TABLE };
