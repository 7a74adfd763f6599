'use strict';

// The client options of `ws`, and what the engine takes of them.

const { createPrivateKey } = require('crypto');
const { lookup: systemLookup } = require('dns');
const { badRange, coded } = require('../errors.js');
const { meant, take } = require('../names.js');
const { agentProxy } = require('./agent.js');
const { check, checkMembers, isAbsent } = require('./check.js');
const { sharing } = require('./shared.js');
const { ROWS, rowsOf } = require('./table.js');

const all = rowsOf('websocketOptions');

/** Those that have an effect here. */
const MEMBERS = all.filter(({ type }) => type !== 'fixed');
const NAMES = MEMBERS.map(({ name }) => name);

/** Options of `ws` whose one value is what happens here anyway. */
const FIXED = new Map(all.filter(({ type }) => type === 'fixed').map((row) => [row.name, row.default]));

/** Those that hold certificates and keys. */
const BLOBS = MEMBERS.filter(({ ofNode, type }) => type === 'blobs' && !ofNode).map(({ name }) => name);

/** Those that only Node can honour, … */
const OF_NODE = MEMBERS.filter(({ ofNode }) => ofNode);
/** … and those of them that say what leads to the server. */
const WAYS = ['agent', 'createConnection'];

/** Versions of TLS that the engine does not speak. */
const OLD_VERSIONS = ['TLSv1', 'TLSv1.1'];
const isOld = (version) => OLD_VERSIONS.includes(version);

/** Other options of `ws` that users know. None can work here. */
const UNSUPPORTED = ['finishRequest', 'generateMask'];

/** Whether a blob is what it was when it was kept. A Buffer may have been written into since. */
function isUnchanged(kept, entry) {
  if (typeof entry === 'string') return kept.source === entry;
  return kept.source === undefined && kept.bytes.equals(entry);
}

/**
 * The blobs of a TLS option: PEM or DER, one or many. They are kept in the client's `kept`, by the option's name, and are the very
 * same for as long as what they were made of is.
 */
function blobs(row, value, kept) {
  const { name } = row;
  const list = check(row, value);
  if (list === undefined) {
    if (kept) kept.delete(name);
    return undefined;
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

/** The blob of an option that has but one. */
function oneBlob(row, value, kept, allowed) {
  const [blob, ...more] = blobs(row, value, kept) || [];
  if (more.length > 0) throw badRange(row.path, value, allowed);
  return blob;
}

/** What holds the blob in Node's form of these. */
const MEMBERS_OF_NODE = { key: 'pem', pfx: 'buf' };

/** Node's `[{ pem, passphrase }]`: what is in it, and its passphrase, which comes before that of all. */
function unpacked(value, member, passphrase) {
  const [entry] = Array.isArray(value) && value.length === 1 ? value : [];
  if (typeof entry !== 'object' || entry === null || !(member in entry)) return { blob: value, passphrase };
  const own = check(ROWS['websocketOptions.passphrase'], entry.passphrase);
  return { blob: entry[member], passphrase: own === undefined ? passphrase : own };
}

/** Keys and archives as Node takes them: each may come with its passphrase. */
function checkForNode(row, value) {
  const member = MEMBERS_OF_NODE[row.name];
  if (member === undefined || !Array.isArray(value)) {
    check(row, value);
    return;
  }
  for (const entry of value) {
    const isObject = Object(entry) === entry && member in entry;
    check(row, isObject ? [entry[member]] : entry);
    if (isObject) check(ROWS['websocketOptions.passphrase'], entry.passphrase);
  }
}

/** The number of PBES2 in DER: how keys are encrypted that the engine opens itself. */
const PBES2 = Buffer.from('06092a864886f70d01050d', 'hex');

/** Whether the engine opens a key that is encrypted. Older ways are for Node. */
function isOpenedNatively(key) {
  const pem = /-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]+)-----END/.exec(key.toString('latin1'));
  return (pem === null ? key : Buffer.from(pem[1], 'base64')).includes(PBES2);
}

/** The private key as the engine takes it, whatever form it came in. Opening one takes long, so what comes of it is kept too. */
function privateKey(row, value, passphrase, kept) {
  const key = oneBlob(row, value, kept, "one private key; several need transport: 'node'");
  if (key === undefined || isOpenedNatively(key)) return key;
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

const DEFLATE = ROWS['websocketOptions.perMessageDeflate'];
const IN_DEFLATE = rowsOf(DEFLATE.path);
const [LEVELS, NO_LEVELS] = ['zlibDeflateOptions', 'zlibInflateOptions'].map(
  (name) => ROWS[`${DEFLATE.path}.${name}`],
);

/** What is offered to the server, with the defaults of `ws`; undefined offers no compression. */
function perMessageDeflate(asked) {
  if (asked === false) return undefined;
  const given = checkMembers(DEFLATE, asked, IN_DEFLATE);
  const { level, memLevel } = checkMembers(LEVELS, given.zlibDeflateOptions, rowsOf(LEVELS.path));
  checkMembers(NO_LEVELS, given.zlibInflateOptions, rowsOf(NO_LEVELS.path));
  // `true` leaves a window to the server; ours is not offered where that is `false`.
  const bits = (value) => (typeof value === 'number' ? value : undefined);
  return {
    serverNoContextTakeover: given.serverNoContextTakeover,
    clientNoContextTakeover: given.clientNoContextTakeover,
    serverMaxWindowBits: bits(given.serverMaxWindowBits),
    clientMaxWindowBits: given.clientMaxWindowBits === false ? 0 : bits(given.clientMaxWindowBits),
    threshold: given.threshold,
    level: level === -1 ? undefined : level,
    memLevel,
  };
}

/** The proxy of the agent, where the engine can speak with it and nothing else needs Node. */
function proxyOf(taken) {
  const needsNode =
    taken.transport === 'node' || OF_NODE.some(({ name }) => name !== 'agent' && !isAbsent(taken[name]));
  return needsNode || !taken.agent
    ? undefined
    : agentProxy(check(ROWS['websocketOptions.agent'], taken.agent));
}

/**
 * Who makes the connections: Node, where the user wants that or something that only Node has.
 * @returns {import('../../native/index.js').RouteOptions['maker']}
 */
function makerOf(taken, proxy) {
  const isSet = (name) => !isAbsent(taken[name]) && taken[name] !== false;
  const isHonoured = (name) => name === 'agent' && proxy !== undefined;
  if (WAYS.some((name) => isSet(name) && !isHonoured(name))) return 'custom';
  if (taken.transport === 'node' || OF_NODE.some(({ name }) => isSet(name) && !isHonoured(name)))
    return 'node';
  if (isOld(taken.minVersion) || isOld(taken.maxVersion)) return 'node';
  return taken.tls === 'native' ? 'native' : 'auto';
}

/** A version that the engine may speak; undefined where none or an older one was said, which is for Node. */
function spokenVersion(row, value) {
  const version = check(row, value);
  return isOld(version) ? undefined : version;
}

/** What the engine takes of those that it does not take as they are checked. */
const READERS = {
  headers: (row, value) => check(row, value) || [],
  handshakeTimeout: (row, value) => check(row, value) || Infinity,
  perMessageDeflate: (_, value) => perMessageDeflate(value),
  ca: (row, value, { kept }) => blobs(row, value, kept),
  cert: (row, value, { kept }) => blobs(row, value, kept) || [],
  key: (row, value, { kept, passphrase }) => privateKey(row, value, passphrase, kept),
  pfx: (row, value, { kept }) => oneBlob(row, value, kept, "one archive; several need transport: 'node'"),
  // Who does not say it goes by the environment.
  rejectUnauthorized: (row, value) => (value === undefined ? undefined : check(row, value)),
  pins: (row, value) => check(row, value) || [],
  minVersion: spokenVersion,
  maxVersion: spokenVersion,
};

/** Whether some of the options may be blobs. */
const hasBlobs = (given) => BLOBS.some((name) => name in given);

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
    `websocketOptions.${name} is not supported: the engine makes the handshake and the frames${fixed}. ` +
      `Allowed are ${NAMES.join(', ')}${isWebSocketOption(name) ? '' : meant(name, NAMES)}`,
  );
}

const shared = sharing();

/**
 * Reads the client options of `ws` into what the engine takes; throws on the first that is bad. Those of
 * `instead` are read in the place of those given. `kept` is a Map of the client's own, where what takes long to read is kept; only
 * who `hasBlobs` needs one. Who has none is returned the same object for the same content.
 */
function readWebSocketOptions(given, instead, kept) {
  const taken = Object.assign(take(given, NAMES, refuseOther), instead);
  const forAll = check(ROWS['websocketOptions.passphrase'], taken.passphrase);
  const key = unpacked(taken.key, MEMBERS_OF_NODE.key, forAll);
  const pfx = unpacked(taken.pfx, MEMBERS_OF_NODE.pfx, forAll);
  const { passphrase } = taken.pfx === undefined ? key : pfx;
  Object.assign(taken, { key: key.blob, pfx: pfx.blob, passphrase });
  const read = {};
  const proxy = proxyOf(taken);
  const maker = makerOf(taken, proxy);
  const isOfNode = maker === 'custom' || maker === 'node';
  for (const row of MEMBERS) {
    const value = taken[row.name];
    // Node reads them, and takes more than the engine does.
    const isForNode = isOfNode && BLOBS.includes(row.name);
    if (isForNode) checkForNode(row, value);
    else if (row.ofNode) check(row, value);
    else read[row.name] = (READERS[row.name] || check)(row, value, { kept, passphrase });
  }
  if (isOfNode) read.cert = [];
  read.maker = maker;
  read.proxy = proxy;
  read.deflate = read.perMessageDeflate;
  // The function stays in JavaScript, and is asked in the middle of an attempt. The engine asks what Node's own asks.
  read.asksAddresses = read.lookup !== undefined && read.lookup !== systemLookup;
  read.lookup = undefined;
  read.protocols = [];
  return kept === undefined ? shared(read) : read;
}

module.exports = { WEBSOCKET_OPTIONS: NAMES, hasBlobs, isWebSocketOption, readWebSocketOptions };
