'use strict';

const { abortError, asError, ask } = require('./ask.js');
const { badRange, badType, coded, manuallyClosed, rejected } = require('./errors.js');
const { makeOpening } = require('./opening.js');
const own = require('./own.js');
const { check, checkPresent } = require('./options/check.js');
const { ROWS } = require('./options/table.js');
const { Routed } = require('./routed.js');

/**
 * @typedef {import('../native/index.js').Client} Client
 * @typedef {import('../native/index.js').Reply} Reply
 */

/** Checks the code and the reason of a close frame. */
function checkClose(code, reason) {
  const allowed = 'an integer in 1000–1003, 1007–1014 or 3000–4999';
  if (typeof code !== 'number') throw badType('code', code, allowed, 'WSR_ERR_ARGUMENT');
  const sendable =
    (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  if (!sendable || !Number.isInteger(code)) throw badRange('code', code, allowed, 'WSR_ERR_ARGUMENT');
  const short = 'a string of at most 123 bytes of UTF-8';
  if (typeof reason !== 'string') throw badType('reason', reason, short, 'WSR_ERR_ARGUMENT');
  if (Buffer.byteLength(reason) > 123) throw badRange('reason', reason, short, 'WSR_ERR_ARGUMENT');
}

function abortReason(signal) {
  return signal.reason === undefined ? abortError('The operation was aborted') : signal.reason;
}

/** A delay that a user's function said, in ms; undefined leaves it to the engine. */
const DELAY = {
  path: 'reconnectDelay()',
  type: 'number',
  unit: 'ms',
  min: 0,
  infinite: true,
  choices: [null],
};
const VERDICT = { path: 'shouldReconnect()', type: 'boolean' };

/** When to connect, when to connect again, and when no more. */
class Reconnector extends Routed {
  [own.readReconnectOptions]() {
    Object.assign(this[own.inner], {
      /** The retry that a function of the user decides about. */
      deciding: undefined,
      /** The signal that is listened to, and the listener. */
      heeded: undefined,
      onAbort: undefined,
    });
    const asksRoute = this[own.routeFunctions]().length > 0;
    Object.assign(this[own.inner], { route: this[own.readRoute](), asksRoute });
  }

  reconnect(code = 1000, reason = 'Reconnecting') {
    checkClose(code, reason);
    return this[own.start]((client, received) => client.reconnect(received, code, reason), true);
  }

  /**
   * Starts connecting by a call that may be refused. The promise of the next `open`, which one that begins `anew` is the
   * first to bring.
   * @param {(client: Client, received: number) => Reply} run
   */
  [own.start](run, anew = false) {
    const inner = this[own.inner];
    const { signal } = inner.options;
    if (signal && signal.aborted) return rejected(abortReason(signal));
    let called;
    try {
      this[own.reroute]();
      called = anew ? this[own.overtake](run) : this[own.call](run);
    } catch (error) {
      return rejected(error);
    }
    const { horizon, reply } = called;
    const { refusal } = reply;
    // Of a client that is closed for good, such a call changes nothing: what is still to be told of its end stands.
    if (!refusal || refusal.code !== 'WSR_ERR_CLOSED') inner.restHorizon = horizon;
    if (refusal) {
      // Behind what the calls under way have still to tell of the circuit that refuses.
      this[own.deliverBehind](called);
      return rejected(coded(Error, refusal.code, refusal.message));
    }
    this[own.renewContext]();
    inner.alive = true;
    inner.closing = false;
    inner.birthHorizon = horizon;
    // The call itself may find that the time of an earlier life was over, and tell its end before it begins another.
    inner.endHorizon = { ...horizon, call: horizon.call + 1 };
    if (anew) inner.openHorizon = horizon;
    if (!inner.pending) inner.pending = makeOpening();
    const { promise } = inner.pending;
    this[own.track]();
    if (anew) this[own.deliverBehind](called);
    else this[own.deliverNow](called);
    return promise;
  }

  /** Delivers again what a pause keeps back. */
  resume() {}

  /**
   * Ends for good, by one of the calls that do.
   * @param {(client: Client, received: number, seenAlive: boolean) => Reply} run
   */
  [own.finish](run) {
    const inner = this[own.inner];
    inner.manualClose = true;
    this.resume();
    // A giving up that is under way is told to its end.
    if (!inner.closing) this[own.settle]('reject', manuallyClosed());
    const seenAlive = inner.alive && !inner.closing;
    const called = this[own.overtake]((client, received) => run(client, received, seenAlive));
    inner.closing = inner.alive;
    inner.refusalHorizon = called.horizon;
    // Without notices, the end that is on its way already is the one to deliver.
    if (called.reply.notices.length > 0) inner.lifeHorizon = called.horizon;
    this[own.deliverNow](called);
  }

  /** The engine asks whether and when to connect again after the attempt `id`. */
  [own.askForRetry](id, attempt, elapsed) {
    const inner = this[own.inner];
    const { shouldReconnect, reconnectDelay } = inner.options;
    const context = () => {
      const error = inner.trouble;
      const { statusCode, headers } = error || {};
      return { ...inner.lastClose, statusCode, headers, error, attempt, elapsed };
    };
    inner.deciding = id;
    const waiting = () => inner.client.sayAwaited(id);
    const failed = (name) => (thrown) => {
      if (inner.deciding !== id) return;
      this[own.tell]('error', asError(thrown, name));
      this[own.decide](id, true);
    };
    const checked = (name, check, use) => (value) => {
      let fine;
      try {
        fine = check(value);
      } catch (error) {
        failed(name)(error);
        return;
      }
      use(fine);
    };
    const delay = checked(
      'reconnectDelay',
      (ms) => check(DELAY, ms),
      (ms) => this[own.decide](id, true, ms),
    );
    const goOn = () => {
      if (!reconnectDelay) this[own.decide](id, true);
      else ask([() => reconnectDelay(context())], ([ms]) => delay(ms), failed('reconnectDelay'), waiting);
    };
    const verdict = checked(
      'shouldReconnect',
      (isYes) => checkPresent(VERDICT, isYes),
      (isYes) => {
        if (isYes) goOn();
        else this[own.decide](id, false);
      },
    );
    if (!shouldReconnect) goOn();
    else
      ask(
        [() => shouldReconnect(context())],
        ([isYes]) => verdict(isYes),
        failed('shouldReconnect'),
        waiting,
      );
  }

  [own.decide](id, goesOn, delay) {
    if (this[own.inner].deciding !== id) return;
    this[own.inner].deciding = undefined;
    this[own.inner].client.sayRetry(id, goesOn, delay);
  }

  [own.undecided]() {
    this[own.inner].deciding = undefined;
  }

  /** Listens to the signal for as long as it can end something: it may outlive the client. */
  [own.track]() {
    super[own.track]();
    const inner = this[own.inner];
    const signal = inner.alive ? inner.options.signal : undefined;
    if (signal === inner.heeded) return;
    if (inner.heeded && inner.heeded.removeEventListener) {
      inner.heeded.removeEventListener('abort', inner.onAbort);
    }
    inner.heeded = signal;
    if (!signal) return;
    inner.onAbort = () => this[own.abort](signal);
    signal.addEventListener('abort', inner.onAbort);
  }

  [own.abort](signal) {
    // A signal that cannot be left may still tell.
    if (this[own.inner].heeded !== signal) return;
    this[own.settle]('reject', abortReason(signal));
    this[own.finish]((client, received, seenAlive) => client.close(received, 1000, 'Aborted', seenAlive));
  }

  get connectionTimeout() {
    const { options, route } = this[own.inner];
    const timeout = options.connectionTimeout;
    if (timeout !== undefined) return timeout;
    return route.handshakeTimeout === Infinity ? 0 : route.handshakeTimeout;
  }

  set connectionTimeout(value) {
    const connectionTimeout = check(ROWS.connectionTimeout, value);
    this[own.setRoute]({ connectionTimeout }, this[own.inner].options);
    this[own.configure]();
  }
}

module.exports = { Reconnector, checkClose };
