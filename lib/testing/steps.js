'use strict';

// The steps of a server's script: how each handshake is met.

const { badType, coded } = require('../errors.js');
const { meant } = require('../names.js');
const { checkMembers, either, isFunction } = require('../options/check.js');
const { boolean, group, integer, ms, string } = require('../options/rows.js');

/** @typedef {import('./connection.js').Connection} Connection */

const ARGUMENT = { name: 'step', path: 'step', type: 'object' };

/** What is no HTTP, and no frame that a server may send. */
const GARBAGE = Buffer.from('\xff\x00 no WebSocket \xff\x00', 'latin1');

const accept = (connection) => connection.accept();

/** Each step that is a word, as what meets a connection. `refuse` meets none: nobody listens. */
const WORDS = {
  open: accept,
  'accept-then-drop'(connection) {
    connection.accept();
    connection.drop();
  },
  'never-answer'() {},
  'half-open'(connection) {
    connection.accept();
    connection.silence();
  },
  reset: (connection) => connection.reset(),
  garbage(connection) {
    connection.write(GARBAGE);
    connection.drop();
  },
};

/** Each step that is an object, by the name that it cannot be without: its rows, and what meets a connection. */
const FORMS = {
  refuse: { rows: [ms('refuse', 200, { min: 0 })] },
  status: {
    rows: [
      integer('status', 503, 200, { max: 999 }),
      integer('retryAfter', undefined, 0),
      { name: 'headers', type: 'headers', default: [], secret: true },
      string('body', { default: '' }),
    ],
    meet({ status, retryAfter, headers, body }, connection) {
      const wait = retryAfter === undefined ? [] : ['Retry-After', String(retryAfter)];
      connection.refuse(status, [...wait, ...headers], body);
    },
  },
  close: {
    rows: [integer('close', 1000, 1000, { max: 4999 }), string('reason', { default: '' })],
    meet({ close, reason }, connection) {
      connection.accept();
      connection.close(close, reason);
    },
  },
  slow: {
    rows: [ms('slow', 1000, { min: 0 })],
    meet: ({ slow }, connection) => connection.acceptSlowly(slow),
  },
  echo: {
    rows: [boolean('echo', true)],
    meet({ echo }, connection) {
      if (echo) connection.answer = (data) => data;
      connection.accept();
    },
  },
};
for (const { rows } of Object.values(FORMS)) group('step', 'nothing', rows);

/** The words for a form with all that it has by itself. */
const SHORT = { refuse: { refuse: undefined }, slow: { slow: undefined } };

const ALL_WORDS = [...Object.keys(WORDS), ...Object.keys(SHORT)];
const ALLOWED = either([
  ...ALL_WORDS.map((word) => `'${word}'`),
  ...Object.keys(FORMS).map((name) => `{ ${name} }`),
  'a function',
]);

/**
 * A step as the server takes it: `refuse` says for how many ms nobody listens, else `meet` what becomes of a connection.
 *
 * @param {any} step
 * @returns {{ refuse?: number, meet?: (connection: Connection) => void }}
 */
function readStep(step, place) {
  if (isFunction(step)) return { meet: (connection) => meetBy(step, connection) };
  if (typeof step === 'string') {
    if (WORDS[step] !== undefined) return { meet: WORDS[step] };
    if (SHORT[step] !== undefined) return readForm(step, SHORT[step]);
    const known = `${place}: '${step}' is no step; allowed is ${ALLOWED}${meant(step, ALL_WORDS)}`;
    throw coded(TypeError, 'WSR_ERR_ARGUMENT', known);
  }
  const name = Object.keys(FORMS).find((one) => Object(step) === step && one in step);
  if (name === undefined) throw badType(place, step, ALLOWED, 'WSR_ERR_ARGUMENT');
  return readForm(name, step);
}

function readForm(name, step) {
  const { rows, meet } = FORMS[name];
  const read = checkMembers(ARGUMENT, step, rows);
  return name === 'refuse' ? { refuse: read.refuse } : { meet: (connection) => meet(read, connection) };
}

/** Has a user's function say how a connection is met: by another step, by a promise of one, or by what it does itself. */
function meetBy(decide, connection) {
  const follow = (said) => {
    if (said === undefined || connection.socket.destroyed) return;
    const { refuse, meet } = readStep(said, 'what the step returned');
    if (refuse !== undefined) throw coded(TypeError, 'WSR_ERR_ARGUMENT', LATE_REFUSAL);
    meet(connection);
  };
  const said = decide(connection);
  if (said && isFunction(said.then)) return said.then(follow);
  return follow(said);
}

const LATE_REFUSAL =
  "what the step returned: 'refuse' comes too late for a connection that is there; 'reset' ends it";

/** The steps of a script, of which there is at least one. */
function readScript(script) {
  if (!Array.isArray(script) || script.length === 0) {
    throw badType('script', script, 'an array of steps, at least one', 'WSR_ERR_ARGUMENT');
  }
  return script.map((step, index) => readStep(step, `script[${index}]`));
}

module.exports = { readScript };
