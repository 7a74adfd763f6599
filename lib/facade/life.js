'use strict';

const { coded, manuallyClosed, messageOf, rejected } = require('../errors.js');
const { check, isAbsent } = require('../options/check.js');
const { assignable, circuitBreaker } = require('../options/circuit-breaker.js');
const { deliveryOptions, policySettings } = require('../options/crossing.js');
const { deliveryOf } = require('../options/delivery.js');
const { hold } = require('../options/held.js');
const { ROWS, rowsOf } = require('../options/table.js');
const { headersOf } = require('../response-headers.js');
const { abortError } = require('./ask.js');
const { Cutoffs, isBefore } = require('./cutoffs.js');
const { tell } = require('./emitter.js');
const { Gate } = require('./gate.js');
const { Inbox } = require('./inbox.js');
const { Init } = require('./init.js');
const { Lifetime } = require('./lifetime.js');
const { Outgoing } = require('./outgoing.js');
const { Retry } = require('./retry.js');
const { Route } = require('./route.js');
const { View } = require('./view.js');
const { NOBODY, Waiters } = require('./waiters.js');

/**
 * @typedef {import('../../native/index.js').Client & { number: number }} Native `number`: the client's name.
 * @typedef {import('../../native/index.js').DeliveryOutcome} DeliveryOutcome
 * @typedef {import('../../native/index.js').Notice} Notice
 * @typedef {import('../../native/index.js').Reply} Reply
 * @typedef {import('./cutoffs.js').Moment} Moment
 * @typedef {import('./inbox.js').Called} Called
 */

/** @param {Reply} reply */
const beginsWithCircuit = ({ refusal, notices: [first] }) =>
  refusal === undefined && first !== undefined && first.kind === 'circuit';

const abortReason = ({ reason }) => (reason === undefined ? abortError('The operation was aborted') : reason);

/** Options that are for the engines over a platform's own WebSocket. */
const OF_PLATFORM = rowsOf('').filter(({ takes }) => takes === 'platform');

/** Those that are set, checked. */
function platformOf(given) {
  const set = OF_PLATFORM.filter(({ name }) => !isAbsent(given[name]));
  return set.length > 0
    ? Object.fromEntries(set.map((row) => [row.name, check(row, given[row.name])]))
    : undefined;
}

/** What is inside of a client: where its parts meet. Calls go out to the engine here, and what is told comes in. */
class Life {
  constructor(engine, emitter, given) {
    this.engine = engine;
    this.emitter = emitter;
    for (const name of Object.keys(given)) engine.refuse(name, given[name]);
    if (given.heartbeatMessage !== undefined) this.heartbeatMessage = given.heartbeatMessage;
    /** The options that are held as they are. Clients that were given the same share them, and so the next two. */
    this.options = hold(given);
    this.circuit = circuitBreaker(given.circuitBreaker);
    const platform = platformOf(given);
    if (platform) this.platform = platform;
    this.delivery = deliveryOf(given);
    this.route = new Route(engine, given);
    /** @type {Native} */
    this.native = this.route.createNative({
      settings: this.settings(),
      heartbeat: check(ROWS.heartbeatMessage, this.heartbeatMessage),
      delivery: deliveryOptions(this.delivery),
      marks: this.options,
      platform,
    });
    this.cutoffs = new Cutoffs();
    this.view = new View(engine.wallTime());
    this.waiters = NOBODY;
    this.lifetime = new Lifetime(this);
    this.inbox = new Inbox(this);
    this.inbox.sift(this.options);
    this.share();
  }

  /** What sends: many a client only receives. */
  get outgoing() {
    if (this.sender === undefined) this.sender = new Outgoing(this.engine, this);
    return this.sender;
  }

  /** Who waits for something of the client, for somebody who is about to. */
  awaited() {
    if (this.waiters === NOBODY) this.waiters = new Waiters();
    return this.waiters;
  }

  /** What the policy goes by. */
  settings() {
    return policySettings(this.options, this.circuit, this.route);
  }

  /** The circuit breaker's settings as the user has them. Most look at none, and go by those that they share. */
  shownCircuitBreaker() {
    if (this.circuitBreaker === undefined) {
      this.circuitBreaker = assignable(this.circuit, this);
      this.circuit = this.circuitBreaker;
    }
    return this.circuitBreaker;
  }

  setCircuitBreaker(value) {
    this.circuit = circuitBreaker(value);
    this.circuitBreaker = undefined;
    this.configure();
  }

  /** Hands what has been assigned to those whom it concerns. */
  configure() {
    this.engine.configure(this.native, this.settings());
    this.engine.watchEventLoop(this.native.number, this.view.alive ? this.options.maxEventLoopBlock : 0);
    this.inbox.sift(this.options);
    this.share();
  }

  /** Shares the circuit with whom the options say, where that has changed. */
  share() {
    const { scope } = this.circuit;
    if (scope === this.scope) return;
    this.scope = scope;
    this.lifetime.keepContext();
    this.engine.share(this.native.number, this.inbox, this.native, scope);
  }

  /** Has the client kept for as long as what it has become needs. */
  track() {
    this.lifetime.track(this.view, this.options, (signal) => this.abort(signal));
  }

  /** Emits an event. */
  tell(event, ...args) {
    const { engine, view } = this;
    if (event === 'error') view.toldError = args[0];
    if (engine.observe !== undefined) engine.observe(this, event, args[0]);
    tell(this.emitter, event, ...args);
  }

  // Calls upon the engine.

  /**
   * Hands a call to the engine: what it returned, and its moment.
   * @param {(native: Native, received: number) => Reply} run
   * @returns {Called}
   */
  call(run) {
    const reply = run(this.native, this.inbox.received);
    return { reply, moment: this.moment(reply.cutoff) };
  }

  /**
   * Hands any call but `connect` to the engine: a change of the circuit overtakes what is under way of older ones.
   * @param {(native: Native, received: number) => Reply} run
   */
  overtake(run) {
    const called = this.call(run);
    if (beginsWithCircuit(called.reply)) this.cutoffs.circuit = called.moment;
    return called;
  }

  /**
   * Hands an assignment to the engine, and returns its moment.
   * @param {(native: Native) => number} run
   */
  assign(run) {
    return this.moment(run(this.native));
  }

  /** That of a call which has just returned. Until something is told, its own cut-offs may be changed. */
  moment(order) {
    this.cutoffs = this.cutoffs.own();
    return this.cutoffs.next(order);
  }

  connect() {
    const { view, waiters } = this;
    if (view.state === 'OPEN') return Promise.resolve();
    const refused = view.manualClose || (view.state === 'BLOCKED' && this.scope === 'instance');
    if (waiters.opening && !view.closing && !refused) return waiters.opening.promise;
    return this.start((native, received) => native.connect(received));
  }

  /**
   * Starts connecting by a call that may be refused. The promise of the next `open`, which one that begins `anew` is the
   * first to bring.
   * @param {(native: Native, received: number) => Reply} run
   */
  start(run, anew = false) {
    const { inbox, options, view } = this;
    const { signal } = options;
    if (signal && signal.aborted) return rejected(abortReason(signal));
    let called;
    try {
      this.route.handOver(() => this.configure());
      called = anew ? this.overtake(run) : this.call(run);
    } catch (error) {
      return rejected(error);
    }
    const { refusal } = called.reply;
    const { cutoffs } = this;
    // Of a client that is closed for good, such a call changes nothing: what is still to be told of its end stands.
    if (!refusal || refusal.code !== 'WSR_ERR_CLOSED') cutoffs.rest = called.moment;
    if (refusal) {
      // Behind what the calls under way have still to tell of the circuit that refuses.
      inbox.takeReplyBehind(called);
      return rejected(coded(Error, refusal.code, refusal.message));
    }
    this.lifetime.renewContext();
    view.begin();
    cutoffs.begin(called.moment, anew);
    const promise = this.awaited().waitForOpen();
    this.track();
    if (anew) inbox.takeReplyBehind(called);
    else inbox.takeReply(called);
    return promise;
  }

  /**
   * Ends for good, by one of the calls that do.
   * @param {(native: Native, received: number, seenAlive: boolean) => Reply} run
   */
  finish(run) {
    const { inbox, view } = this;
    view.manualClose = true;
    // As the user may have made it.
    this.emitter.resume();
    // A giving up that is under way is told to its end.
    if (!view.closing) this.waiters.rejectOpen(manuallyClosed);
    const seenAlive = view.alive && !view.closing;
    const called = this.overtake((native, received) => run(native, received, seenAlive));
    view.closing = view.alive;
    this.cutoffs.finish(called.moment, called.reply.notices.length > 0);
    inbox.takeReply(called);
  }

  abort(signal) {
    this.waiters.rejectOpen(() => abortReason(signal));
    this.finish((native, received, seenAlive) => native.close(received, 1000, 'Aborted', seenAlive));
  }

  /**
   * Moves the circuit by hand.
   * @param {(native: Native, received: number) => Reply} run
   */
  moveCircuit(run, state, circuitFailures, retryCount) {
    const { inbox, view } = this;
    const called = this.call(run);
    const { cutoffs } = this;
    cutoffs.circuit = called.moment;
    if (view.circuitFailures !== circuitFailures || view.retryCount !== retryCount) {
      cutoffs.counts = called.moment;
      view.count({ retryCount, circuitFailures });
    }
    // Without a notice of its own, the engine was there already: what would have told it is void now.
    const isTold = beginsWithCircuit(called.reply);
    inbox.takeReply(called, () => isTold || this.lifetime.run(this.setCircuitState, this, state));
  }

  /** Counts a failure that the user has seen. */
  countFailure(error) {
    const { inbox, view } = this;
    const called = this.overtake((native, received) => native.countFailure(received));
    view.circuitFailures += 1;
    this.cutoffs.counts = called.moment;
    inbox.takeReply(called, () => this.lifetime.run(this.tell, this, 'error', error));
  }

  // What is told.

  /**
   * Takes a notice, in the async context of the client's handlers.
   * @param {Notice} notice
   * @param {Moment} moment
   */
  deliver(notice, at, moment) {
    const begins = notice.kind === 'state' && (notice.state === 'CONNECTING' || notice.state === 'BLOCKED');
    if (begins && !isBefore(moment, this.cutoffs.birth)) this.lifetime.enterContext();
    this.lifetime.run(this.take, this, notice, at, moment);
  }

  /**
   * Takes a notice. It may have been made void by a call since its moment.
   * @param {Notice} notice
   * @param {Moment} moment
   */
  take(notice, at, moment) {
    const { cutoffs, view } = this;
    if (notice.kind === 'agreed') {
      view.agreed = notice;
      return;
    }
    if (!isBefore(moment, cutoffs.counts)) view.count(notice);
    if (notice.kind === 'circuit') {
      if (!isBefore(moment, cutoffs.circuit)) this.setCircuitState(notice.state);
      return;
    }
    if (notice.kind === 'ask-init') this.setInit(new Init(this, notice));
    const isVoid = isBefore(moment, cutoffs.life);
    if (!isVoid) this.step(notice, at, moment);
    if (this.init !== undefined) this.followInit(notice, isVoid);
  }

  /** The messages of the connection are for `init` from here on; for who listens, where that is undefined. */
  setInit(init) {
    this.init = init;
    this.inbox.sift(this.options);
  }

  /**
   * What becomes of a connection that is not open yet. A notice that is void for the user tells that too.
   * @param {Notice} notice
   */
  followInit(notice, isVoid) {
    const { inbox, init, native, view } = this;
    const isClosing = notice.kind === 'state' && notice.state === 'CLOSING';
    const isOver = notice.kind === 'state' && !isClosing && notice.state !== 'OPEN';
    if (!isVoid && !isClosing && !isOver) return;
    init.lose();
    if (!isOver) return;
    view.agreed = undefined;
    this.setInit(undefined);
    if (inbox.backlog === undefined) native.resume();
  }

  /**
   * Takes a step of the connection's life. What the view becomes by it is emitted before anything else that leads to
   * code of the user: nothing is told in a state of which nobody has been told.
   * @param {Exclude<Notice, { kind: 'agreed' | 'circuit' }>} notice
   * @param {Moment} moment
   */
  step(notice, at, moment) {
    const { cutoffs, view } = this;
    switch (notice.kind) {
      case 'state':
        this.enter(notice, at, moment);
        return;
      case 'error': {
        const thrown = this.route.takeThrown(notice.thrownFor);
        const error = thrown === undefined ? this.errorOf(notice) : thrown.error;
        view.fail(error);
        this.tell('error', error);
        return;
      }
      case 'open':
        view.lastActivity = at;
        if (this.init !== undefined) this.endInit();
        if (!isBefore(moment, cutoffs.open)) this.waiters.resolveOpen();
        if (this.waiters.isIdle) this.waiters = NOBODY;
        this.cutoffs = cutoffs.shared();
        this.open(view.opening(notice), moment);
        return;
      case 'close':
        this.end(notice, notice.alive || cutoffs.isOfEarlierLife(moment));
        return;
      case 'retry': {
        const { attempt, delay, maxRetries } = notice;
        view.hasRetryTold = true;
        this.tell('retry', { attempt, delay, maxRetries });
        this.handOverForNext();
        return;
      }
      case 'ask-route':
        this.askRoute(notice);
        return;
      case 'ask-retry':
        this.askRetry(notice);
        return;
      case 'ask-init':
        this.init.run(this.options.init);
        return;
      case 'undecided': {
        this.forgetRetry();
        const message = `shouldReconnect or reconnectDelay has not answered within ${notice.limit} ms`;
        this.tell('error', coded(Error, 'WSR_ERR_FUNCTION', message));
        return;
      }
      case 'proved':
        // The counts, which every notice tells, are all of it.
        return;
      case 'pinged':
        this.waiters.settlePong(notice.number, notice.roundTrip);
        return;
      case 'blocked':
        this.tell('blocked', { duration: notice.duration });
        return;
      case 'wake':
        this.tell('wake', { slept: notice.slept });
        return;
      case 'network':
        this.tell('network');
        return;
      case 'was-answered': {
        // All messages before this notice have been judged.
        const { connection } = notice;
        this.inbox.takeReply(this.overtake((native, received) => native.judged(received, connection)));
        return;
      }
      case 'runs':
        this.inbox.takeReply(this.overtake((native, received) => native.runs(received)));
    }
  }

  /**
   * @param {Extract<Notice, { kind: 'state' }>} notice
   * @param {Moment} moment
   */
  enter(notice, at, moment) {
    const { cutoffs, engine, view } = this;
    const { state } = notice;
    if (state !== 'OPEN') this.waiters.losePongs();
    if (cutoffs.voidsState(notice, moment, view)) return;
    if (!view.enter(notice)) return;
    if (state === 'OPEN') {
      this.route.reach(view.agreed.url);
      view.takeAgreed(engine.monotonic(at), at);
    }
    // Unless a call has begun another life since.
    if (state === 'FAILED' && !cutoffs.isOfEarlierLife(moment)) view.closing = true;
    this.forgetRetry();
    const giveUp = state === 'CONNECTING' ? undefined : this.route.endAttempt();
    const endGate = state === 'CONNECTING' ? undefined : this.takeGate();
    this.tell('stateChange', state);
    if (giveUp !== undefined && state !== 'OPEN') giveUp();
    if (endGate !== undefined) endGate();
    if (state === 'BLOCKED') this.handOverForNext();
    if (!view.alive) this.track();
  }

  /** The connection is open. */
  endInit() {
    const { kept } = this.init;
    this.setInit(undefined);
    this.inbox.deliverFirst(kept);
  }

  /** What the user's functions have been asked about a retry is void. */
  forgetRetry() {
    if (this.retry !== undefined) this.retry.forget();
  }

  /** Shows a state of the circuit, and tells it where it is another. */
  setCircuitState(state) {
    const { view } = this;
    const changed = view.circuitState !== state;
    if (changed) view.circuitState = state;
    this.track();
    if (changed) this.tell('circuitChange', state);
  }

  /** @param {Moment} moment */
  open(info, moment) {
    this.tell('open', info);
    // A handler may have closed.
    if (info.isReconnect && !isBefore(moment, this.cutoffs.life)) this.tell('reconnected', info);
  }

  /**
   * Takes the end of a connection, which is the end of the client's life unless that `goesOn`.
   * @param {Extract<Notice, { kind: 'close' }>} notice
   * @param {boolean} goesOn
   */
  end({ code, reason, wasClean }, goesOn) {
    const { view, waiters } = this;
    // Another code than those of close frames says why the client gave up.
    const gaveUp = typeof code === 'string';
    const ending = { code: gaveUp ? 'MAX_RETRIES' : code, reason, wasClean };
    view.end(ending, goesOn);
    if (!goesOn) {
      if (gaveUp) this.warnUnheard(reason);
      waiters.rejectOpen(() => (gaveUp ? this.gaveUp(reason) : manuallyClosed()));
    }
    // A handler of `close` may begin another life.
    const { retryCount, lastError } = view;
    this.tell('close', ending);
    if (gaveUp) this.tell('giveup', { reason: code, message: reason, retryCount, error: lastError });
    if (goesOn) this.handOverForNext();
    else this.track();
  }

  /** Another attempt may follow, for which users may have changed something. */
  handOverForNext() {
    this.route.handOverForNext(
      () => this.configure(),
      (error) => this.tell('error', error),
    );
  }

  /** @param {Extract<Notice, { kind: 'ask-route' }>} notice */
  askRoute({ id, attempt, place, isReconnect }) {
    const { options, route, view } = this;
    const { connectGate } = options;
    const { lastError } = view;
    const signal = route.beginAttempt();
    const go = () => route.ask(id, { attempt, lastError, signal });
    // A call may have made void what would have told the end of the attempt before.
    const endGate = this.takeGate();
    if (endGate !== undefined) endGate();
    if (!connectGate) {
      go();
      return;
    }
    if (this.gate === undefined) this.gate = new Gate();
    const context = { url: route.urlAt(place), attempt, isReconnect, lastError, signal };
    this.gate.ask(connectGate, context, go, (error) => route.fail(id, error, true));
  }

  /** The attempt that a gate has let go is not under way any more. Returns what tells the gate so. */
  takeGate() {
    if (this.gate === undefined) return undefined;
    const { currentError: error, state } = this.view;
    const tell = this.gate.take();
    return () => tell(state === 'OPEN' ? { isOpen: true } : { isOpen: false, error });
  }

  /** @param {Extract<Notice, { kind: 'ask-retry' }>} notice */
  askRetry({ id, attempt, elapsed }) {
    const context = () => {
      const { currentError: error, lastClose } = this.view;
      const { statusCode, headers } = error || {};
      return { ...lastClose, statusCode, headers, error, attempt, elapsed };
    };
    if (this.retry === undefined) this.retry = new Retry(this.native);
    this.retry.ask(id, this.options, context, (error) => this.tell('error', error));
  }

  /**
   * What became of what was sent.
   * @param {DeliveryOutcome} outcome
   */
  settle(outcome) {
    switch (outcome.kind) {
      case 'dropped': {
        const { data, reason } = outcome;
        this.tell('drop', { data: this.engine.receivedForm(this.inbox.binaryType, data), reason });
        return;
      }
      case 'receipt':
        this.waiters.settleReceipt(outcome.receipt, outcome.reason);
        return;
      case 'unsent':
        this.waiters.settleReceipt(outcome.receipt, outcome.reason, true);
        return;
      case 'drained':
        this.outgoing.drained();
    }
  }

  /** @param {Extract<Notice, { kind: 'error' }>} notice */
  errorOf({ message, code, statusCode, headers, body }) {
    /** @type {any} */
    const error = new Error(message);
    if (code !== undefined) error.code = code;
    if (statusCode !== undefined) {
      error.statusCode = statusCode;
      error.headers = headersOf(headers);
    }
    if (body !== undefined) {
      // A page of HTML would fill the logs of all who log errors.
      const value = this.engine.receivedForm('nodebuffer', body);
      Object.defineProperty(error, 'body', { value, enumerable: false, writable: true, configurable: true });
    }
    return error;
  }

  /** A client that gives up and tells nobody would be searched for long: says so, once. */
  warnUnheard(reason) {
    const { emitter } = this;
    const { lastError } = this.view;
    const isHeard = ['error', 'close', 'giveup'].some((event) => emitter.listenerCount(event) > 0);
    if (isHeard || this.hasWarned || this.waiters.isOpenAwaited) return;
    this.hasWarned = true;
    const cause = lastError ? ` The last error was: ${messageOf(lastError)}.` : '';
    const message = `A WebSocketReconnect has given up: ${reason}.${cause}`;
    this.engine.warn(`${message} Nobody listens to its events error, close or giveup.`, 'WSR_WARN_GAVE_UP');
  }

  gaveUp(message) {
    const { lastError } = this.view;
    /** @type {any} */
    const error = coded(Error, 'WSR_ERR_GAVE_UP', message);
    if (lastError) error.cause = lastError;
    return error;
  }
}

// What few clients have.

Life.prototype.heartbeatMessage = undefined;
/** It has warned that nobody hears it give up. */
Life.prototype.hasWarned = false;
/** From the first attempt on that one of the user is asked about. */
Life.prototype.gate = undefined;
/** The first messages of a connection that is not open yet, where the user has a function for them. */
Life.prototype.init = undefined;
/** From the first retry on that the user's functions decide about. */
Life.prototype.retry = undefined;
/** From the first message on, see `outgoing`. */
Life.prototype.sender = undefined;
/** From the first time on that the user looks at it, see `shownCircuitBreaker`. */
Life.prototype.circuitBreaker = undefined;
/** With whom the circuit is shared, as the engine has it. */
Life.prototype.scope = 'instance';

module.exports = { Life };
