'use strict';

const { createPrivateKey } = require('crypto');
const { badRange, badType, coded } = require('./errors.js');

/** Options of `ws` whose one value is what happens here anyway. */
const FIXED = {
  __proto__: null,
  protocolVersion: 13,
  allowSynchronousEvents: true,
  autoPong: true,
  skipUTF8Validation: false,
};

const MAX_PAYLOAD = 100 * 1024 * 1024;

const is = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  object: (value) => typeof value === 'object' && !Array.isArray(value),
  bytes: (value) => typeof value === 'string' || value instanceof Uint8Array,
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

/** Name, value, name, value, … as the engine takes them. */
function headers(given, place = 'websocketOptions.headers') {
  const flat = [];
  const allowed = 'a string, a number, or an array of strings';
  for (const [name, value] of Object.entries(given)) {
    for (const entry of Array.isArray(value) ? value : [value]) {
      if (typeof entry !== 'string' && typeof entry !== 'number') {
        throw badType(`${place}[${JSON.stringify(name)}]`, value, allowed);
      }
      flat.push(name, String(entry));
    }
  }
  return flat;
}

/** The blobs of a TLS option: PEM or DER, one or many. */
function blobs(given, name) {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  const list = Array.isArray(value) ? value : [value];
  return list.map((entry) => {
    if (!is.bytes(entry)) {
      throw coded(
        TypeError,
        'WSR_ERR_OPTION',
        `websocketOptions.${name}: a ${typeof entry} is of the wrong type; allowed is a string or Buffer, or an array of them`,
      );
    }
    return Buffer.from(entry);
  });
}

/** The private key as unencrypted PKCS#8, whatever form it came in. */
function privateKey(given, passphrase) {
  const [key, ...more] = blobs(given, 'key') || [];
  if (key === undefined) return undefined;
  if (more.length > 0) {
    throw badRange('websocketOptions.key', `${more.length + 1} keys`, 'one private key');
  }
  try {
    const opened = createPrivateKey(passphrase === undefined ? key : { key, passphrase });
    return Buffer.from(opened.export({ type: 'pkcs8', format: 'pem' }));
  } catch (error) {
    throw coded(
      TypeError,
      'WSR_ERR_OPTION',
      `websocketOptions.key: cannot be read (${error.message}); allowed is a private key in PEM, with its passphrase where it is encrypted`,
    );
  }
}

const DEFLATE = 'websocketOptions.perMessageDeflate';

/** Reads one number or switch of `perMessageDeflate`. */
function deflateOption(given, name, allowed, fits) {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  if (!fits(value)) throw badRange(`${DEFLATE}.${name}`, value, allowed);
  return value;
}

/** A window's size: `true` leaves it to the server, `false` does not offer it. */
function windowBits(given, name) {
  const fits = (value) => typeof value === 'boolean' || wholeNumber(8, 15)(value);
  const value = deflateOption(given, name, 'true, false, or an integer from 8 to 15', fits);
  return typeof value === 'number' ? value : undefined;
}

/**
 * What is offered to the server, with the defaults of `ws`; undefined offers no compression. Those
 * that tune zlib's buffers in `ws` (`chunkSize`, `concurrencyLimit`, …) have nothing to tune here.
 */
function perMessageDeflate(given) {
  if (given === false) return undefined;
  const settings = given === undefined || given === null || given === true ? {} : given;
  if (!is.object(settings)) throw badType(DEFLATE, given, 'true, false, or an object');
  const zlib = settings.zlibDeflateOptions || {};
  const threshold = deflateOption(
    settings,
    'threshold',
    'a number of bytes of at least 0',
    (value) => is.number(value) && value >= 0,
  );
  const level = deflateOption(zlib, 'level', 'an integer from -1 to 9', wholeNumber(-1, 9));
  const offersClientWindow = settings.clientMaxWindowBits !== false;
  return {
    serverNoContextTakeover: Boolean(settings.serverNoContextTakeover),
    clientNoContextTakeover:
      typeof settings.clientNoContextTakeover === 'boolean' ? settings.clientNoContextTakeover : undefined,
    serverMaxWindowBits: windowBits(settings, 'serverMaxWindowBits'),
    clientMaxWindowBits: offersClientWindow ? windowBits(settings, 'clientMaxWindowBits') : 0,
    threshold: threshold === undefined ? 1024 : threshold,
    level: level === -1 ? undefined : level,
    memLevel: deflateOption(zlib, 'memLevel', 'an integer from 1 to 9', wholeNumber(1, 9)),
  };
}

const READERS = {
  __proto__: null,
  headers: (given) => headers(option(given, 'headers', 'object', 'an object of names and values', {})),
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
  ca: (given) => blobs(given, 'ca'),
  cert: (given) => blobs(given, 'cert') || [],
  key: (given) => privateKey(given, READERS.passphrase(given)),
  pfx(given) {
    const [pfx, ...more] = blobs(given, 'pfx') || [];
    if (more.length > 0) throw badRange('websocketOptions.pfx', `${more.length + 1} archives`, 'one archive');
    return pfx;
  },
  passphrase: (given) => option(given, 'passphrase', 'string', 'a string', undefined),
};

/** An option that cannot work here is refused: a user who set it would miss what it does. */
function refuseOthers(given) {
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (READERS[name] || value === undefined || value === null) continue;
    if (name in FIXED && value === FIXED[name]) continue;
    const fixed = name in FIXED ? `, allowed is only ${FIXED[name]}` : '';
    throw coded(
      name in FIXED ? RangeError : TypeError,
      'WSR_ERR_UNSUPPORTED_OPTION',
      `websocketOptions.${name} is not supported: connections are made by the engine, outside of Node's own sockets${fixed}. ` +
        `Allowed are ${Object.keys(READERS).join(', ')}.`,
    );
  }
}

/**
 * Reads the client options of `ws` into what the engine takes; throws on the first that is bad. Those of
 * `instead` are read in the place of those given.
 */
function readWebSocketOptions(given, instead = {}) {
  refuseOthers(given);
  const read = {};
  for (const name of Object.keys(READERS)) read[name] = READERS[name](name in instead ? instead : given);
  read.deflate = read.perMessageDeflate;
  return read;
}

module.exports = { readHeaders: headers, readWebSocketOptions };
