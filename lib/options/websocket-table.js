'use strict';

// Every client option of `ws`, as lib/options/table.js has those of the class.

const {
  MIB,
  blobs,
  boolean,
  bytes,
  choice,
  fixed,
  group,
  integer,
  ms,
  number,
  ofNode,
  string,
} = require('./rows.js');

/** @typedef {import('./rows.js').Row} Row */

const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** @type {Row[]} */
const WEBSOCKET_TABLE = [
  ...group('websocketOptions', 'route', [
    { name: 'headers', type: 'headers', secret: true },
    string('origin'),
    string('auth', { allowed: "a string 'user:password'", secret: true }),
    ms('handshakeTimeout', 10000, { min: 0, infinite: true, off: [0, 'sets no limit'] }),
    bytes('maxPayload', 100 * MIB, { integer: true, min: 0, off: [0, 'sets no limit'] }),
    boolean('followRedirects', false),
    integer('maxRedirects', 10, 0, { max: 2 ** 32 - 1 }),
    {
      name: 'perMessageDeflate',
      type: 'object',
      default: true,
      choices: [true, false],
      off: [false, 'offers none'],
    },
    ms('closeTimeout', 30000, { min: 0, infinite: true }),
    string('localAddress', { allowed: 'an IP address' }),
    choice('family', [0, 4, 6]),
    boolean('autoSelectFamily', true, { off: [false, 'tries the first alone'] }),
    ms('autoSelectFamilyAttemptTimeout', 250, { above: 0 }),
    { name: 'lookup', type: 'function' },
    string('socketPath', { allowed: 'the path of a socket' }),
    boolean('keepAlive', false),
    ms('keepAliveInitialDelay', 0, { min: 0 }),
    string('servername', { allowed: 'a host name' }),
    boolean('rejectUnauthorized', true),
    blobs('ca'),
    blobs('cert'),
    blobs('key'),
    blobs('pfx'),
    string('passphrase', { secret: true }),
    { name: 'minVersion', type: 'choice', choices: TLS_VERSIONS },
    { name: 'maxVersion', type: 'choice', choices: TLS_VERSIONS },
    { name: 'pins', type: 'strings', allowed: "a string 'sha256/…' or an array of them" },
    choice('trust', ['node', 'system']),
    boolean('http2', false),
    choice('transport', ['auto', 'node']),
    choice('tls', ['auto', 'native']),
    ...[
      { name: 'agent', type: 'agent' },
      { name: 'createConnection', type: 'function' },
      { name: 'checkServerIdentity', type: 'function' },
      blobs('ALPNProtocols'),
      string('ciphers'),
      blobs('crl'),
      string('ecdhCurve'),
      integer('hints', undefined, 0),
      integer('localPort', undefined, 0, { max: 65535 }),
      { name: 'secureContext', type: 'object' },
      integer('secureOptions', undefined, 0),
      string('secureProtocol'),
      blobs('session'),
      string('sigalgs'),
    ].map(ofNode),
    fixed('protocolVersion', 13),
    fixed('allowSynchronousEvents', true),
    fixed('autoPong', true),
    fixed('skipUTF8Validation', false),
  ]),
  ...group('websocketOptions.perMessageDeflate', 'route', [
    boolean('serverNoContextTakeover', false),
    boolean('clientNoContextTakeover'),
    integer('serverMaxWindowBits', undefined, 8, { max: 15, choices: [true, false] }),
    integer('clientMaxWindowBits', undefined, 8, { max: 15, choices: [true, false] }),
    bytes('threshold', 1024, { min: 0, infinite: true }),
    { name: 'zlibDeflateOptions', type: 'object' },
    { name: 'zlibInflateOptions', type: 'object', ignored: true },
    number('concurrencyLimit', undefined, { above: 0, infinite: true, ignored: true }),
  ]),
  ...group('websocketOptions.perMessageDeflate.zlibDeflateOptions', 'route', [
    integer('level', undefined, -1, { max: 9 }),
    integer('memLevel', undefined, 1, { max: 9 }),
    number('chunkSize', undefined, { above: 0, infinite: true, ignored: true }),
  ]),
  ...group('websocketOptions.perMessageDeflate.zlibInflateOptions', 'route', [
    number('chunkSize', undefined, { above: 0, infinite: true, ignored: true }),
  ]),
];

module.exports = { WEBSOCKET_TABLE };
