'use strict';

/**
 * When a notice was made: its place among those of the mailbox, or the number of the call that returned it. The moment of a
 * call is behind all that had gone to the mailbox by then, and all that earlier calls returned.
 * @typedef {{ order: number, call: number }} Moment
 */

/** That of a call, which is kept: the numbers in it are small, where an infinite one would have each take an object of its own. */
class CallMoment {
  constructor(order, call) {
    this.order = order;
    this.call = call;
  }
}

/** @type {Moment} */
const BEGINNING = Object.freeze(new CallMoment(0, 0));

/**
 * That of the first call, before which nothing is told: most clients are never called again before they end, and share it.
 * @type {Moment}
 */
const FIRST = Object.freeze(new CallMoment(0, 1));

/**
 * Whether a notice was made before a call.
 * @param {Moment} moment
 * @param {Moment} cutoff
 */
const isBefore = (moment, cutoff) => moment.order <= cutoff.order || moment.call < cutoff.call;

/**
 * Which notices a later call has made void: what the engine has done is told late, and a call is heeded at once. Each
 * field is the moment of the latest call that has made void what notices before it say of …
 */
class Cutoffs {
  constructor() {
    /** Calls that the engine was told of. */
    this.calls = 0;
    /** … an earlier life, … */
    this.birth = BEGINNING;
    /** … where the client stands while nothing goes on. Of most clients that is all. */
    this.rest = BEGINNING;
  }

  /**
   * The moment of a call that has just returned, before which so many notices had gone to the mailbox.
   * @returns {Moment}
   */
  next(order) {
    this.calls += 1;
    return order === 0 && this.calls === 1 ? FIRST : new CallMoment(order, this.calls);
  }

  /** The same for who may share it: one for all whose one call began a life. It is changed by nobody. */
  shared() {
    const { birth, calls, open, rest } = this;
    return calls === 1 && birth === FIRST && rest === FIRST && open === BEGINNING ? ONCE : this;
  }

  /** The same for who is about to change it. */
  own() {
    return this === ONCE ? Object.assign(new Cutoffs(), ONCE) : this;
  }

  /** Whether a call has ever asked for a connection. */
  get wasStarted() {
    return this.rest.call > 0;
  }

  /**
   * A call has begun a life; `anew`: what is open is none of it.
   * @param {Moment} moment
   */
  begin(moment, anew) {
    this.birth = moment;
    if (anew) this.open = moment;
  }

  /**
   * Whether an end that a notice tells of is that of an earlier life. The call that began the latest may itself have found that
   * the time of the one before was over: what it returned tells that end before its own beginning.
   * @param {Moment} moment
   */
  isOfEarlierLife(moment) {
    return isBefore(moment, this.birth) || moment.call === this.birth.call;
  }

  /**
   * A call has ended the client. Where it had nothing to tell, the end that is on its way already is the one to deliver.
   * @param {Moment} moment
   */
  finish(moment, tellsEnd) {
    this.refusal = moment;
    if (tellsEnd) this.life = moment;
  }

  /**
   * Whether a state is void that a notice tells of.
   * @param {{ state: string, alive: boolean }} told
   * @param {Moment} moment
   * @param {{ state: string, circuitState: string }} shown What the client shows.
   */
  voidsState({ state, alive }, moment, shown) {
    const isAtRest = !alive;
    if (state === 'BLOCKED') {
      // A call has closed the circuit since.
      const isClosed = shown.circuitState !== 'OPEN' && isBefore(moment, this.circuit);
      // Who gave up and waits anew for a circuit that others share was told of no state from which a retry can come.
      if (isClosed && (isAtRest || shown.state !== 'FAILED')) return true;
      if (isAtRest && isBefore(moment, this.refusal)) return true;
    }
    return isAtRest && isBefore(moment, this.rest);
  }
}

/** … the connection's life, … */
Cutoffs.prototype.life = BEGINNING;
/** … the next `open`, … */
Cutoffs.prototype.open = BEGINNING;
/** … a call that was refused, … */
Cutoffs.prototype.refusal = BEGINNING;
/** … the circuit, … */
Cutoffs.prototype.circuit = BEGINNING;
/** … `retryCount` and `circuitFailures`. */
Cutoffs.prototype.counts = BEGINNING;

/** @type {Cutoffs} */
const ONCE = Object.freeze(Object.assign(new Cutoffs(), { calls: 1, birth: FIRST, rest: FIRST }));

module.exports = { Cutoffs, isBefore };
