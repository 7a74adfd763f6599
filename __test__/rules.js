'use strict';

/**
 * The rules that every life of a client keeps, whatever the user, the peer and the threads do.
 *
 * A life is a list of what happened, in order: events as `{event, argument, state, circuitState}`, the last
 * two being what the object showed in the event's first handler, calls of the user as `{call}`, and what the object showed
 * to a function or a listener of the user that it called otherwise as `{look, state, circuitState}`.
 */

/** After each state, those that may follow. */
const STATES = {
  CLOSED: ['CONNECTING', 'CLOSING', 'BLOCKED', 'FAILED'],
  CONNECTING: ['OPEN', 'CLOSED', 'CLOSING'],
  OPEN: ['CLOSED', 'CLOSING'],
  CLOSING: ['CLOSED'],
  BLOCKED: ['CONNECTING', 'CLOSING', 'FAILED'],
  FAILED: ['CONNECTING', 'CLOSING'],
};
const CIRCUIT = {
  CLOSED: ['OPEN'],
  OPEN: ['HALF-OPEN', 'CLOSED'],
  'HALF-OPEN': ['CLOSED', 'OPEN'],
};

const CIRCUIT_CALLS = ['openCircuit', 'closeCircuit', 'reset', 'handleError'];

/** Of an ended client these come no more. */
const BEGINNINGS = ['CONNECTING', 'OPEN', 'BLOCKED', 'FAILED'];

/** Follows one life and notes what breaks a rule. */
class Life {
  constructor({ maxRetries = Infinity, preferFirst = 0 }) {
    /** Of what comes next in the history. */
    this.index = 0;
    /** Those that it had, of which a retry may be told late. */
    this.maxRetries = new Set([maxRetries]);
    /** The circuit is, or was, shared: others open, probe and close it. */
    this.shares = false;
    this.violations = [];
    this.state = 'CLOSED';
    this.circuit = 'CLOSED';
    /** What the next step of the life has to be, as `{event, argument}`. */
    this.owed = undefined;
    /** Since `open` was delivered and until the connection's `close`. */
    this.opened = false;
    /** A retry was announced and not yet begun. */
    this.announced = false;
    this.attempt = 0;
    /** FAILED was told, and no attempt since. */
    this.gaveUp = false;
    this.countsWritten = false;
    /** A connection was tried. */
    this.tried = false;
    /** The circuit has refused a call, and nothing goes on. */
    this.refused = false;
    /** Calls since the last change of the state. */
    this.callsSince = new Set();
    /** The last call upon the circuit, which may have overtaken what was queued. */
    this.circuitByHand = undefined;
    /** The circuit was changed by hand: a retry may have been taken back unseen, however late that shows. */
    this.circuitTouched = false;
    /** Calls of `connect()` that may still show. */
    this.connects = 0;
    /** Calls of `reconnect()` that may still show; a client that goes home does it by itself. */
    this.reconnects = preferFirst > 0 ? Infinity : 0;
    /** `close()` was called, and no `connect()` since `reset()`. */
    this.ended = false;
    this.wasReset = false;
    this.closesAfterEnd = 0;
    /** A call may have made a refusal void that had not been told. */
    this.voided = false;
    this.messages = new Map();
  }

  /** Takes what has been added to a history since it was read last. */
  read(history) {
    for (; this.index < history.length; this.index += 1) {
      const entry = history[this.index];
      if (entry.call) this.call(entry.call, entry);
      else if (entry.look) this.look(entry);
      else this.event(entry);
    }
  }

  break(rule) {
    this.violations.push(`${this.index}: ${rule}`);
  }

  expect(holds, rule) {
    if (!holds) this.break(rule);
  }

  call(name, entry) {
    this.callsSince.add(name);
    if (name === 'write') this.write(entry);
    if (name === 'close' || name === 'terminate') {
      if (!this.ended) this.closesAfterEnd = 0;
      this.ended = true;
      this.wasReset = false;
      this.voided = this.voided || this.asked;
      this.connects = 0;
    }
    if (name === 'reset') this.wasReset = true;
    if (name === 'reconnect') this.reconnects += 1;
    const connects = name === 'connect' || name === 'reconnect';
    if (connects && this.wasReset) this.ended = false;
    if (name === 'connect' && this.state !== 'OPEN') this.connects += 1;
    if (name === 'openCircuit' || name === 'handleError') this.circuitByHand = 'OPEN';
    if (name === 'closeCircuit' || name === 'reset') {
      this.circuitByHand = 'CLOSED';
      this.voided = this.voided || this.asked;
    }
    this.circuitTouched = this.circuitTouched || CIRCUIT_CALLS.includes(name);
    if (name === 'reset') this.countsWritten = true;
  }

  write({ name, value }) {
    this.countsWritten = true;
    if (name === 'maxRetries') this.maxRetries.add(value);
    if (name === 'circuitBreaker.scope' && value !== 'instance') this.shares = true;
    this.circuitTouched = this.circuitTouched || this.shares;
  }

  event(entry) {
    this[entry.event](entry.argument);
    this.look(entry);
  }

  look({ state, circuitState }) {
    this.expect(state === undefined || state === this.state, `the view is ${state} instead of ${this.state}`);
    this.expect(
      circuitState === undefined || circuitState === this.circuit,
      `the view of the circuit is ${circuitState} instead of ${this.circuit}`,
    );
  }

  stateChange(next) {
    const before = this.state;
    this.state = next;
    const isAtRest = this.isAtRest(before, next) || this.isLetGo(before, next);
    this.expect(isAtRest || (STATES[before] || []).includes(next), `${before} is followed by ${next}`);
    this.expect(!this.ended || !BEGINNINGS.includes(next), `${next} comes after close()`);
    this.settle('stateChange', next);
    if (next === 'CLOSING') this.closing();
    if (next === 'CONNECTING') this.connecting();
    if (next === 'BLOCKED') {
      const allowed =
        this.circuit === 'OPEN' ||
        this.circuitByHand === 'CLOSED' ||
        this.shares ||
        (this.circuit === 'HALF-OPEN' && this.asked);
      this.expect(allowed, 'BLOCKED with a circuit that is not OPEN');
      if (this.announced) this.attempt -= 1;
      this.announced = false;
    }
    if (next === 'OPEN') this.owed = { event: 'open' };
    if (next === 'CLOSED' && !isAtRest) this.owed = { event: 'close' };
    if (next === 'FAILED') {
      this.owed = { event: 'close', code: 'MAX_RETRIES' };
      this.gaveUp = true;
    }
    this.refused = next === 'BLOCKED' && this.asked;
    this.callsSince.clear();
  }

  /** Whether a call to connect may still show. */
  get asked() {
    return this.connects > 0 || this.reconnects > 0;
  }

  /** Whether this is told while nothing goes on, of which no `close` is the end. */
  isAtRest(before, next) {
    if (next === 'BLOCKED') return this.asked && ['CLOSED', 'FAILED', 'BLOCKED'].includes(before);
    const isClosed = next === 'CLOSED' && this.owed === undefined;
    // Of a refusal that a call has made void, its end alone is told.
    if (before === 'FAILED') return isClosed && this.voided;
    return isClosed && (before === 'BLOCKED' ? this.refused : before === 'CLOSED' && !this.tried);
  }

  /** Whether others have closed the circuit that was waited for: a retry follows. */
  isLetGo(before, next) {
    return this.shares && before === 'BLOCKED' && next === 'CLOSED';
  }

  closing() {
    const ends = this.callsSince.has('close') || this.callsSince.has('terminate');
    this.expect(ends || this.reconnects > 0, 'CLOSING comes without close()');
  }

  connecting() {
    this.tried = true;
    // A refusal may have been told since the client gave up.
    if (this.gaveUp) this.attempt = 0;
    this.gaveUp = false;
    this.expect(this.announced || this.asked, 'CONNECTING without connect() or retry');
    const allowed = this.circuit !== 'OPEN' || this.circuitByHand === 'OPEN';
    this.expect(allowed, 'CONNECTING while the circuit is OPEN');
    // A connect() that found the client at its end, which the view did not show, starts it again.
    if (!this.announced && this.connects > 0) this.connects -= 1;
    this.announced = false;
  }

  circuitChange(next) {
    const moves = this.shares ? next !== this.circuit : (CIRCUIT[this.circuit] || []).includes(next);
    this.expect(moves, `the circuit goes from ${this.circuit} to ${next}`);
    this.circuit = next;
    if (next !== this.circuitByHand) this.circuitByHand = undefined;
  }

  open() {
    this.expect(this.state === 'OPEN', `open in the state ${this.state}`);
    this.expect(!this.ended, 'open comes after close()');
    this.settle('open');
    this.opened = true;
    this.attempt = 0;
  }

  message({ data }) {
    this.expect(this.opened || this.state === 'CLOSING', 'a message without an open');
    this.expect(this.state === 'OPEN' || this.state === 'CLOSING', `a message in the state ${this.state}`);
    const [, connection, number] = /^(\d+):(\d+)/.exec(data) || [];
    if (connection === undefined) return;
    const wanted = this.messages.get(connection) || 0;
    this.expect(Number(number) === wanted, `message ${data} instead of number ${wanted}`);
    this.messages.set(connection, Number(number) + 1);
  }

  error({ code }) {
    // A function of the user that decides late is told of between two attempts.
    const live = ['CONNECTING', 'OPEN', 'CLOSING'].includes(this.state) || code === 'WSR_ERR_FUNCTION';
    this.expect(
      live || this.ended || this.callsSince.has('handleError'),
      `an error in the state ${this.state}`,
    );
  }

  close({ code }) {
    this.expect(this.owed && this.owed.event === 'close', `close ${code} without CLOSED or FAILED before it`);
    const gaveUp = code === 'MAX_RETRIES';
    if (this.owed)
      this.expect(gaveUp === (this.owed.code === 'MAX_RETRIES'), `close ${code} in the state ${this.state}`);
    this.owed = undefined;
    this.opened = false;
    if (this.ended) this.closesAfterEnd += 1;
    this.expect(this.closesAfterEnd <= 1, 'a second close after close()');
  }

  retry({ attempt, delay, maxRetries }) {
    this.expect(this.state === 'CLOSED' || this.state === 'BLOCKED', `retry in the state ${this.state}`);
    this.expect(!this.ended, 'retry comes after close()');
    this.expect(!this.owed, 'retry before the close');
    this.expect(!this.announced || this.circuitTouched, 'two retries for one attempt');
    this.expect(attempt >= 1 && attempt <= maxRetries, `attempt ${attempt} of ${maxRetries}`);
    this.expect(this.maxRetries.has(maxRetries), `maxRetries ${maxRetries}`);
    this.expect(Number.isInteger(delay) && delay >= 0, `a delay of ${delay}`);
    if (!this.countsWritten && !this.circuitTouched) {
      this.expect(attempt === this.attempt + 1, `attempt ${attempt} after ${this.attempt}`);
    }
    this.attempt = attempt;
    this.announced = true;
  }

  /** What was owed comes as the next step of the life; `close()` alone calls it off. */
  settle(event, argument) {
    const { owed } = this;
    this.owed = undefined;
    if (!owed || owed.event === event || (event === 'stateChange' && argument === 'CLOSING')) return;
    this.break(`${event} ${argument || ''} where ${owed.event} is due`);
  }

  /** Whether it has come to rest: nothing is owed, and what was to end has ended. */
  get isAtEnd() {
    return !this.owed && (!this.ended || ['CLOSED', 'FAILED'].includes(this.state));
  }

  /** Nothing more will come. */
  finish() {
    if (this.owed) this.break(`${this.owed.event} never came`);
    else this.expect(this.isAtEnd, `ended in ${this.state}`);
  }
}

/** The rules that a life breaks, as texts. The options as the client had them; `over`: nothing more will come. */
function check(history, { over = false, ...options } = {}) {
  const life = new Life(options);
  life.read(history);
  if (over) life.finish();
  return life.violations;
}

module.exports = { Life, check };
