'use strict';

const { safe, safeBytes } = require('./escape.js');
const { content, record } = require('./records.js');

/** How much of a body that refused the upgrade is shown, in characters. */
const BODY_SHOWN = 200;

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const times = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;

const retryOf = (attempt, maxRetries) =>
  `retry ${attempt}${Number.isFinite(maxRetries) ? ` of ${maxRetries}` : ''}`;

function refusal({ body }) {
  if (body === undefined) return '';
  const text = String(body).trim();
  return `: ${text.length > BODY_SHOWN ? `${text.slice(0, BODY_SHOWN)}…` : text}`;
}

const roundTrip = (rtt) => {
  const [last, min, mean, p95] = [rtt.last, rtt.min, rtt.mean, rtt.p95].map((ms) => ms.toFixed(1));
  return `, round trip last ${last}, min ${min}, mean ${mean}, p95 ${p95} ms`;
};

/** What is said of an event to people; nothing of one that the others tell already. */
const WORDS = {
  open: ({ url, isReconnect, downtime, protocol }) => {
    const how = isReconnect ? `connected again after ${seconds(downtime)}` : `connected to ${url}`;
    return protocol ? `${how}, subprotocol ${protocol}` : how;
  },
  close: ({ code, reason, wasClean }) =>
    `closed ${code}${reason ? ` '${reason}'` : ''}${wasClean ? '' : ', not clean'}`,
  error: (error) => `${error.message}${refusal(error)}`,
  retry: ({ attempt, maxRetries, delay }) => `${retryOf(attempt, maxRetries)} in ${seconds(delay)}`,
  giveup: ({ message }) => `gave up: ${message}`,
  noHex: ({ line }) => `no hex, and not sent: '${line}'`,
  unconfirmed: ({ messages }) => `${times(messages, 'message')} may not have arrived`,
  unsent: () => 'what was left of the input was not sent',
  stats: ({ messagesIn, bytesIn, messagesOut, bytesOut, connects, duration, rtt }) =>
    `${times(messagesIn, 'message')} in (${bytesIn} B), ${messagesOut} out (${bytesOut} B), ${times(connects, 'connection')}, ` +
    `${seconds(duration)}${rtt ? roundTrip(rtt) : ''}`,
};

/** What goes by itself, so that nobody has to be told in a pipe. */
const isSmooth = (event, { isReconnect, wasClean, code }, isAsked) =>
  (event === 'open' && !isReconnect) || (event === 'close' && (isAsked || (wasClean && code === 1000)));

/** JSON of several lines of a text that is JSON, and the text itself of another. */
function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Tells people: messages to standard output, the rest to standard error. */
class Words {
  constructor(screen, { form, pretty }) {
    this.screen = screen;
    this.isHex = form === 'hex';
    this.isPretty = pretty;
    this.last = '';
  }

  message(data) {
    return this.screen.message(this.shown(data));
  }

  shown(data) {
    if (typeof data === 'string') return safe(this.isPretty ? indented(data) : data);
    return this.isHex ? data.toString('hex') : safeBytes(data);
  }

  sent() {}

  event(name, fields, isAsked) {
    const words = WORDS[name];
    const isTold = name === 'close' && this.last === 'error';
    if (words) this.last = name;
    if (!words || isTold || (!this.screen.hasStatus && isSmooth(name, fields, isAsked))) return;
    this.screen.note(safe(words(fields)), name === 'error' || name === 'giveup' ? 'red' : 'dim');
  }
}

/** Tells programs: a line of JSON for each event. */
class Records {
  constructor(screen) {
    this.screen = screen;
  }

  message(data) {
    return this.screen.print(record('message', content(data)));
  }

  sent(data, onOpen) {
    this.screen.print(record('sent', { ...content(data), ...(onOpen && { onOpen }) }));
  }

  event(name, fields) {
    this.screen.print(record(name, fields));
  }
}

module.exports = { Records, Words, retryOf };
