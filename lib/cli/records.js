'use strict';

const { safeJson } = require('./escape.js');

/** How a record holds what a message says. */
const content = (data) =>
  typeof data === 'string' ? { type: 'text', data } : { type: 'binary', base64: data.toString('base64') };

/** An event as a line of JSON. */
const record = (event, fields) => safeJson({ time: new Date().toISOString(), event, ...fields });

const isWhole = ({ at, event, data, base64 }) =>
  !Number.isNaN(at) && (event === 'sent' ? typeof (data ?? base64) === 'string' : typeof event === 'string');

/** The record that a line is; undefined for what is none. */
function parsed(line) {
  try {
    const { time, ...fields } = JSON.parse(line);
    const found = { at: Date.parse(time), ...fields };
    return isWhole(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What was sent in a record, each message with its ms after the first `open`. What `--on-open` sent is left out: it belongs to
 * connections, and those of a replay are others.
 * @throws SyntaxError that names a line which is no record.
 */
function sentIn(text) {
  const records = text
    .split('\n')
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, number }) => {
      const found = parsed(line);
      if (!found) throw new SyntaxError(`line ${number} is no record of --json`);
      return found;
    });
  const sent = records.filter(({ event, onOpen }) => event === 'sent' && !onOpen);
  const [{ at: start } = { at: 0 }] = [...records.filter(({ event }) => event === 'open'), ...sent];
  return sent.map(({ at, data, base64 }) => ({
    after: Math.max(at - start, 0),
    data: data ?? Buffer.from(base64, 'base64'),
  }));
}

module.exports = { content, record, sentIn };
