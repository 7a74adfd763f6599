'use strict';

const EventEmitter = require('events');
const { isDeepStrictEqual } = require('util');
const { INPUT, PolicyClient, UNCLEAN } = require('../browser/policy-client.js');
const { coded } = require('../errors.js');
const { judgeOf } = require('../facade/inbox.js');
const { Retry } = require('../facade/retry.js');
const { Route } = require('../facade/route.js');
const { View } = require('../facade/view.js');
const { takeKnown } = require('../names.js');
const { check, checkMembers, checkPresent } = require('../options/check.js');
const { circuitBreaker } = require('../options/circuit-breaker.js');
const { connectRate } = require('../options/connect-rate.js');
const { policySettings } = require('../options/crossing.js');
const { deliveryOf } = require('../options/delivery.js');
const { hold } = require('../options/held.js');
const { group, integer, ms } = require('../options/rows.js');
const { ARGUMENT, rowsOf } = require('../options/table.js');
const { readProxy } = require('../options/proxy.js');
const websocketOptions = require('../options/websocket.js');
const { inVain } = require('./arrivals.js');

const NAMES = rowsOf('').map(({ name }) => name);
/** Functions that an attempt waits for: there is nothing here that they could ask. */
const UNCALLED = { connectGate: undefined, init: undefined };
/** Options that the policy does not go by. */
const UNUSED = rowsOf('').filter(
  ({ name, takes }) => takes === 'platform' || takes === 'heartbeat' || name in UNCALLED,
);
const WORLD = group('', 'nothing', [integer('seed', 1, 0, { max: 2 ** 32 - 1 })]);
const MOVE = { ...ms('ms', undefined, { min: 0 }), path: 'ms' };

/** Where a link connects to whose options do not say it. */
const NOWHERE = 'ws://127.0.0.1';

/** What a route asks of an engine. */
const ENGINE = { ...websocketOptions, isSame: isDeepStrictEqual, readProxy };

/** So many steps at one time have no end. */
const MOST_AT_ONCE = 100000;

/** The events that each notice of the policy is told by. */
const EVENTS = {
  state: (link, notice) => (link.view.enter(notice) ? [['stateChange', { state: notice.state }]] : []),
  circuit(link, { state }) {
    link.view.circuitState = state;
    return [['circuitChange', { state }]];
  },
  open(_link, { attempt, downtime }) {
    const isReconnect = downtime !== undefined;
    const info = { isReconnect, attempt, downtime: isReconnect ? downtime : 0 };
    return isReconnect
      ? [
          ['open', info],
          ['reconnected', info],
        ]
      : [['open', info]];
  },
  error(link, { code, message }) {
    const error = coded(Error, code, message);
    link.view.fail(error);
    return [['error', { error }]];
  },
  close(link, { alive, code, reason, wasClean }) {
    const gaveUp = typeof code === 'string';
    const ending = { code: gaveUp ? 'MAX_RETRIES' : code, reason, wasClean };
    link.view.end(ending, alive);
    if (!gaveUp) return [['close', ending]];
    const { lastError: error, retryCount } = link.view;
    return [
      ['close', ending],
      ['giveup', { reason: code, message: reason, retryCount, error }],
    ];
  },
  retry: (_link, { attempt, delay, maxRetries }) => [['retry', { attempt, delay, maxRetries }]],
};

/** What a client decides by its options, in a time that goes by where it is told to. */
class VirtualLink extends EventEmitter {
  constructor(options, world) {
    super();
    const given = takeKnown(ARGUMENT.name, check(ARGUMENT, options), NAMES);
    const { seed } = checkMembers({ ...ARGUMENT, path: 'world' }, world, WORLD);
    const hasPlace = given.url !== undefined || given.urls !== undefined;
    const route = new Route(ENGINE, hasPlace ? given : { ...given, url: NOWHERE });
    const { connectionTimeout, currentUrls, terms } = route;
    deliveryOf(given);
    for (const row of UNUSED) check(row, given[row.name]);
    this.options = hold({ ...given, ...UNCALLED });
    this.urls = currentUrls === undefined ? [''] : currentUrls;
    // One client alone has nobody to share a budget with.
    connectRate(given.connectRate);
    const settings = policySettings(this.options, circuitBreaker(given.circuitBreaker), undefined, {
      // The functions of the options that say where to connect are not called.
      asks: false,
      connectionTimeout,
      currentUrls,
      terms,
    });
    const { heartbeatReply } = this.options;
    this.isReply = heartbeatReply === undefined ? undefined : judgeOf(heartbeatReply);
    this.policy = new PolicyClient(settings, seed);
    this.view = new View(0);
    this.now = 0;
    /** The attempt that is under way or open, `dialing` or `open`; `none` where there is none. */
    this.attempt = 0;
    this.wire = 'none';
    /** When the attempt has taken too long, and how long that is. */
    this.timesOutAt = Infinity;
    this.limit = Infinity;
    /** What is to be told, and what was told since a call has returned that. */
    this.notices = [];
    this.told = [];
    this.isTelling = false;
    this.retry = new Retry({
      sayAwaited: (id) => this.tell(INPUT.awaited, id),
      sayRetry: (id, goesOn, delay) => this.tell(INPUT.decided, id, goesOn ? (delay ?? -1) : -2),
    });
  }

  get state() {
    return this.view.state;
  }

  get circuitState() {
    return this.view.circuitState;
  }

  get retryCount() {
    return this.view.retryCount;
  }

  get circuitFailures() {
    return this.view.circuitFailures;
  }

  // What a user calls.

  connect() {
    const refusal = this.policy.connect(this.now);
    if (refusal === undefined) this.view.begin();
    this.drain();
    if (refusal !== undefined) throw coded(Error, refusal.code, refusal.message);
    return this.take();
  }

  close(code = 1000, reason = '') {
    return this.happens(INPUT.close, code, Number(this.view.alive), reason);
  }

  reset() {
    return this.happens(INPUT.reset);
  }

  // What the network does.

  open() {
    this.need('open', 'dialing');
    this.wire = 'open';
    this.timesOutAt = Infinity;
    return this.happens(INPUT.opened, this.attempt);
  }

  fail(code = 'ECONNREFUSED', message = `connect ${code}`) {
    this.need('fail', 'dialing');
    this.refuse(code, message);
    return this.take();
  }

  message(data = '') {
    this.need('message', 'open');
    this.tell(INPUT.received, this.attempt);
    if (this.isReply !== undefined && this.isReply(data)) this.tell(INPUT.answered);
    return this.take();
  }

  pong() {
    this.need('pong', 'open');
    return this.happens(INPUT.received, this.attempt);
  }

  closed(code = 1000, reason = '') {
    this.need('closed', 'open');
    return this.lose(code, reason);
  }

  drop() {
    this.need('drop', 'open');
    return this.lose(1006 + UNCLEAN, '');
  }

  // The time.

  advance(time) {
    const end = this.now + checkPresent(MOVE, time);
    if (this.isTelling) throw inVain('advance(): a handler cannot move the time');
    let [at, count] = [this.now, 0];
    for (let due = this.due; due <= end; due = this.due) {
      this.now = Math.max(due, this.now);
      count = this.now === at ? count + 1 : 0;
      at = this.now;
      if (count > MOST_AT_ONCE) throw inVain(`at ${at} ms attempts follow each other without a delay`);
      if (this.timesOutAt <= this.now) {
        const message = `Opening handshake has timed out after ${this.limit} ms`;
        this.refuse('WSR_ERR_HANDSHAKE_TIMEOUT', message);
      } else this.tell(INPUT.tick);
    }
    this.now = end;
    return this.take();
  }

  /** When something happens by itself. */
  get due() {
    return Math.min(this.policy.deadline, this.timesOutAt);
  }

  // What is decided.

  /** That what the network does can happen now. */
  need(call, wire) {
    if (this.wire === wire) return;
    const missing = wire === 'open' ? 'no connection is open' : 'no attempt is under way';
    throw inVain(`${call}(): ${missing}; the state is ${this.state}`);
  }

  refuse(code, message) {
    this.end();
    this.tell(INPUT.refused, this.attempt, 0, `${code}\n${message}`);
  }

  lose(code, reason) {
    this.end();
    return this.happens(INPUT.lost, this.attempt, code, reason);
  }

  /** There is neither an attempt nor a connection any more. */
  end() {
    this.wire = 'none';
    this.timesOutAt = Infinity;
  }

  /** Tells the policy a fact. */
  tell(input, ...args) {
    this.policy.tell(input, this.now, ...args);
    this.drain();
  }

  /** The same; returns what that led to. */
  happens(input, ...args) {
    this.tell(input, ...args);
    return this.take();
  }

  /** Takes every decision, then tells them. A handler may do something of which more follows. */
  drain() {
    for (let output = this.policy.next(); output !== undefined; output = this.policy.next()) {
      const { dial, notice } = output;
      if (dial !== undefined) this.dial(dial);
      else if (output.beat) this.notices.push({ kind: 'heartbeat' });
      else if (output.cut || output.leave) this.end();
      else if (notice !== undefined) this.notices.push(notice);
    }
    if (this.isTelling) return;
    this.isTelling = true;
    try {
      while (this.notices.length > 0) this.hand(this.notices.shift());
    } finally {
      this.isTelling = false;
    }
  }

  dial({ attempt, limit, place }) {
    Object.assign(this, { attempt, limit, wire: 'dialing', timesOutAt: this.now + limit });
    this.notices.push({ kind: 'attempt', number: attempt, url: this.urls[place], timeout: limit });
  }

  hand(notice) {
    const { kind, ...rest } = notice;
    if (kind === 'attempt' || kind === 'heartbeat') {
      this.happen(kind, rest);
      return;
    }
    this.view.count(notice);
    if (kind === 'ask-retry') this.askRetry(notice);
    else if (kind === 'was-answered') this.tell(INPUT.judged, notice.connection);
    else if (EVENTS[kind] !== undefined) {
      for (const [type, info] of EVENTS[kind](this, notice)) this.happen(type, info);
    }
  }

  /** Has the user's functions say whether and when to retry. */
  askRetry({ id, attempt, elapsed }) {
    const { currentError: error, lastClose } = this.view;
    const context = () => ({ ...lastClose, error, attempt, elapsed });
    this.retry.ask(id, this.options, context, (thrown) => this.happen('error', { error: thrown }));
  }

  happen(type, info) {
    const event = { at: this.now, type, ...info };
    this.told.push(event);
    // Node throws an `error` that nobody listens to.
    if (type !== 'error' || this.listenerCount('error') > 0) this.emit(type, event);
  }

  /** What was told since a call has last returned that; a handler's call returns nothing. */
  take() {
    if (this.isTelling) return [];
    const { told } = this;
    this.told = [];
    return told;
  }
}

module.exports = { VirtualLink };
