'use strict';

const { createPrivateKey } = require('crypto');
const { types } = require('util');
const { badRange, badType, coded } = require('./errors.js');
const { meant, take, takeKnown } = require('./names.js');
const { object } = require('./options.js');
const { readHeaders } = require('./request-headers.js');

/** Options of `ws` whose one value is what happens here anyway. */
const FIXED = new Map(
  Object.entries({
    protocolVersion: 13,
    allowSynchronousEvents: true,
    autoPong: true,
    skipUTF8Validation: false,
  }),
);

/** Other options of `ws`, and of Node's connections under it, that users know. None can work here. */
const UNSUPPORTED = [
  'agent',
  'ALPNProtocols',
  'checkServerIdentity',
  'ciphers',
  'createConnection',
  'crl',
  'ecdhCurve',
  'finishRequest',
  'generateMask',
  'localPort',
  'lookup',
  'maxVersion',
  'minVersion',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'session',
  'sigalgs',
  'socketPath',
];

const MAX_PAYLOAD = 100 * 1024 * 1024;

const is = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  bytes: (value) => typeof value === 'string' || types.isUint8Array(value),
};

/** Reads one option: absent gives `fallback`, a wrong type or value throws. */
function option(given, name, type, allowed, fallback, fits = (_) => true) {
  const value = given[name];
  if (value === undefined || value === null) return fallback;
  if (!is[type](value)) throw badType(`websocketOptions.${name}`, value, allowed);
  if (!fits(value)) throw badRange(`websocketOptions.${name}`, value, allowed);
  return value;
}

const wholeNumber = (min, max) => (value) => Number.isInteger(value) && value >= min && value <= max;

/** Whether a blob is what it was when it was kept. A Buffer may have been written into since. */
function isUnchanged(kept, entry) {
  if (typeof entry === 'string') return kept.source === entry;
  return kept.source === undefined && kept.bytes.equals(entry);
}

/**
 * The blobs of a TLS option: PEM or DER, one or many. They are kept in the client's `kept`, by the option's name, and are the very
 * same for as long as what they were made of is.
 */
function blobs(given, name, kept) {
  const value = given[name];
  if (value === undefined || value === null) {
    if (kept) kept.delete(name);
    return undefined;
  }
  const list = Array.isArray(value) ? Array.from(value) : [value];
  for (const entry of list) {
    if (!is.bytes(entry)) {
      throw badType(`websocketOptions.${name}`, entry, 'a string or Buffer, or an array of them');
    }
  }
  const before = kept.get(name);
  const { length } = list;
  if (
    before &&
    before.sources.length === length &&
    before.sources.every((one, i) => isUnchanged(one, list[i]))
  ) {
    return before.blobs;
  }
  const made = list.map((entry) => Buffer.from(entry));
  const sources = list.map((entry, i) => ({
    source: typeof entry === 'string' ? entry : undefined,
    bytes: made[i],
  }));
  kept.set(name, { sources, blobs: made, privateKey: undefined });
  return made;
}

/** The private key as unencrypted PKCS#8, whatever form it came in. Opening one takes long, so what comes of it is kept too. */
function privateKey(given, passphrase, kept) {
  const [key, ...more] = blobs(given, 'key', kept) || [];
  if (key === undefined) return undefined;
  if (more.length > 0) {
    throw badRange('websocketOptions.key', given.key, 'one private key');
  }
  const entry = kept.get('key');
  const before = entry.privateKey;
  if (before && before.passphrase === passphrase) return before.opened;
  try {
    const privateKey = createPrivateKey(passphrase === undefined ? key : { key, passphrase });
    const opened = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    entry.privateKey = { passphrase, opened };
    return opened;
  } catch (error) {
    throw coded(
      TypeError,
      'WSR_ERR_OPTION',
      `websocketOptions.key: cannot be read (${error.message}); allowed is a private key in PEM, with its passphrase where it is encrypted`,
    );
  }
}

const DEFLATE = 'websocketOptions.perMessageDeflate';
const DEFLATE_NAMES = [
  'serverNoContextTakeover',
  'clientNoContextTakeover',
  'serverMaxWindowBits',
  'clientMaxWindowBits',
  'threshold',
  'zlibDeflateOptions',
  'zlibInflateOptions',
  'concurrencyLimit',
];

const trueOrFalse = {
  allowed: 'true or false',
  isType: (value) => typeof value === 'boolean',
};
const positive = {
  allowed: 'a number above 0',
  isType: is.number,
  fits: (value) => value > 0,
};
const within = (min, max) => ({
  allowed: `an integer from ${min} to ${max}`,
  isType: is.number,
  fits: wholeNumber(min, max),
});
const windowBits = {
  allowed: 'true, false, or an integer from 8 to 15',
  isType: (value) => typeof value === 'boolean' || typeof value === 'number',
  fits: (value) => typeof value === 'boolean' || wholeNumber(8, 15)(value),
};

/** Checks a value of `given`; undefined where it is absent. */
function checked(given, place, name, { allowed, isType, fits = (_) => true }) {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  if (!isType(value)) throw badType(`${place}.${name}`, value, allowed);
  if (!fits(value)) throw badRange(`${place}.${name}`, value, allowed);
  return value;
}

/** The options of zlib for one direction. `chunkSize` has nothing to tune here. */
function zlibOptions(given, name, rules) {
  const place = `${DEFLATE}.${name}`;
  const all = { ...rules, chunkSize: positive };
  const taken = takeKnown(place, object(place, given[name]), Object.keys(all));
  for (const option of Object.keys(all)) checked(taken, place, option, all[option]);
  return taken;
}

/**
 * What is offered to the server, with the defaults of `ws`; undefined offers no compression. Those
 * that tune zlib's buffers and threads in `ws` (`chunkSize`, `concurrencyLimit`) have nothing to tune here.
 */
function perMessageDeflate(asked) {
  if (asked === false) return undefined;
  const settings = asked === true ? {} : object(DEFLATE, asked, 'true, false, or an object');
  const given = takeKnown(DEFLATE, settings, DEFLATE_NAMES);
  const read = (name, rule) => checked(given, DEFLATE, name, rule);
  const { level, memLevel } = zlibOptions(given, 'zlibDeflateOptions', {
    level: within(-1, 9),
    memLevel: within(1, 9),
  });
  zlibOptions(given, 'zlibInflateOptions', {});
  read('concurrencyLimit', positive);
  const threshold = read('threshold', {
    allowed: 'a number of bytes of at least 0',
    isType: is.number,
    fits: (value) => value >= 0,
  });
  // `true` leaves a window to the server; ours is not offered where that is `false`.
  const bits = (value) => (typeof value === 'number' ? value : undefined);
  const clientWindow = read('clientMaxWindowBits', windowBits);
  return {
    serverNoContextTakeover: read('serverNoContextTakeover', trueOrFalse) === true,
    clientNoContextTakeover: read('clientNoContextTakeover', trueOrFalse),
    serverMaxWindowBits: bits(read('serverMaxWindowBits', windowBits)),
    clientMaxWindowBits: clientWindow === false ? 0 : bits(clientWindow),
    threshold: threshold === undefined ? 1024 : threshold,
    level: level === -1 || level === null ? undefined : level,
    memLevel: memLevel === null ? undefined : memLevel,
  };
}

const READERS = {
  headers: (given) => readHeaders(given.headers, 'websocketOptions.headers'),
  origin: (given) => option(given, 'origin', 'string', 'a string', undefined),
  auth: (given) => option(given, 'auth', 'string', "a string 'user:password'", undefined),
  handshakeTimeout(given) {
    const allowed = 'a number of milliseconds of at least 0; 0 sets no limit';
    return option(given, 'handshakeTimeout', 'number', allowed, 10000, (value) => value >= 0) || Infinity;
  },
  maxPayload: (given) =>
    option(
      given,
      'maxPayload',
      'number',
      'a number of bytes of at least 0; 0 sets no limit',
      MAX_PAYLOAD,
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    ),
  followRedirects: (given) => option(given, 'followRedirects', 'boolean', 'true or false', false),
  maxRedirects: (given) =>
    option(given, 'maxRedirects', 'number', 'an integer of at least 0', 10, wholeNumber(0, 2 ** 32 - 1)),
  perMessageDeflate: (given) => perMessageDeflate(given.perMessageDeflate),
  closeTimeout: (given) =>
    option(
      given,
      'closeTimeout',
      'number',
      'a number of milliseconds of at least 0',
      30000,
      (value) => value >= 0,
    ),
  localAddress: (given) => option(given, 'localAddress', 'string', 'an IP address', undefined),
  family: (given) =>
    option(given, 'family', 'number', '0, 4 or 6', undefined, (value) => [0, 4, 6].includes(value)),
  servername: (given) => option(given, 'servername', 'string', 'a host name', undefined),
  rejectUnauthorized: (given) => option(given, 'rejectUnauthorized', 'boolean', 'true or false', true),
  ca: (given, kept) => blobs(given, 'ca', kept),
  cert: (given, kept) => blobs(given, 'cert', kept) || [],
  key: (given, kept) => privateKey(given, READERS.passphrase(given), kept),
  pfx(given, kept) {
    const [pfx, ...more] = blobs(given, 'pfx', kept) || [];
    if (more.length > 0) throw badRange('websocketOptions.pfx', given.pfx, 'one archive');
    return pfx;
  },
  passphrase: (given) => option(given, 'passphrase', 'string', 'a string', undefined),
};

const NAMES = Object.keys(READERS);

/** Whether some of the options may be blobs. */
const hasBlobs = (given) => ['ca', 'cert', 'key', 'pfx'].some((name) => name in given);

/** Whether a name is that of an option of `ws` or Node, supported or not. */
const isWebSocketOption = (name) => NAMES.includes(name) || FIXED.has(name) || UNSUPPORTED.includes(name);

/** An option that cannot work here is refused: a user who set it would miss what it does. */
function refuseOther(name, value) {
  const isFixed = FIXED.has(name);
  if (isFixed && value === FIXED.get(name)) return;
  const fixed = isFixed ? `, allowed is only ${FIXED.get(name)}` : '';
  throw coded(
    isFixed ? RangeError : TypeError,
    'WSR_ERR_UNSUPPORTED_OPTION',
    `websocketOptions.${name} is not supported: connections are made by the engine, outside of Node's own sockets${fixed}. ` +
      `Allowed are ${NAMES.join(', ')}${isWebSocketOption(name) ? '' : meant(name, NAMES)}`,
  );
}

/**
 * Reads the client options of `ws` into what the engine takes; throws on the first that is bad. Those of
 * `instead` are read in the place of those given. `kept` is a Map of the client's own, where what takes long to read is kept; only
 * who `hasBlobs` needs one.
 */
function readWebSocketOptions(given, instead, kept) {
  const taken = { ...take(given, NAMES, refuseOther), ...instead };
  const read = {};
  for (const name of NAMES) read[name] = READERS[name](taken, kept);
  read.deflate = read.perMessageDeflate;
  return read;
}

module.exports = { WEBSOCKET_OPTIONS: NAMES, hasBlobs, isWebSocketOption, readWebSocketOptions };
