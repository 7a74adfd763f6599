'use strict';

// What one process is in its fleet: it asks Redis for the attempts that its clients want to make, tells it what has become of
// them, and goes on by itself while Redis does not answer.
//
// One call is under way at a time. It carries all that has happened since the last one, and asks for all that wait: a herd
// costs few calls. What others must know at once has a call of its own; the rest goes with the next, at the latest the heartbeat.

const { randomBytes } = require('crypto');
const { hostname } = require('os');
const { performance } = require('perf_hooks');
const timers = require('timers');
const { coded, ignore } = require('../errors.js');
const { OwnShare } = require('./own-share.js');
const { ASK, LEAVE, LOOK, channelOf, keysOf } = require('./scripts.js');
const { Verdicts } = require('./verdicts.js');

// Neither a clock that is set nor timers that are faked count here.
const { clearTimeout, setTimeout } = timers;
const clock = performance.now.bind(performance);

/** So long, in ms, what others must know at once waits for more of it. */
const TOGETHER = 10;
/** So often, in ms, Redis is tried while it does not answer. */
const RETRY = 1000;
/** A timer that is so late, in ms, was held up by what else the process does. */
const HELD_UP = 50;
/** So many timeouts after its begin a call keeps no other from being made. */
const LOST_AFTER = 10;

const closed = () => coded(Error, 'WSR_ERR_CLOSED', 'The fleet is closed');

/**
 * What Redis is told of the fleet with each call.
 * @param {import('./settings.js').Settings} settings
 */
function termsOf({ connects, circuit, memberTtl, timeout }, window) {
  const terms = {
    ttl: memberTtl,
    quiet: memberTtl / 3 + 2 * timeout,
    keep: Math.ceil(3 * Math.max(memberTtl, window, circuit ? circuit.resetTimeout : 0)),
    concurrency: connects.concurrency,
  };
  if (connects.max !== undefined) Object.assign(terms, { max: connects.max, window });
  if (circuit === undefined) return terms;
  const { quorum, resetTimeout: reset, halfOpenMaxRequests: tries } = circuit;
  return Object.assign(terms, { quorum, reset, tries });
}

/** What the next call tells: ids of attempts that are over, and of those that were let through and never began; how probes went. */
const noReport = () => ({ ended: [], unused: [], verdicts: [] });

class Member {
  /**
   * `tell` is called with what changes: `degraded`, `restored`, `circuitChange`, and `members` with those that live.
   * @param {import('./settings.js').Settings} settings
   */
  constructor(settings, redis, tell) {
    const { connects, circuit, memberTtl, name, timeout } = settings;
    this.name = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`;
    this.redis = redis;
    this.tell = tell;
    this.keys = keysOf(name);
    this.channel = channelOf(name);
    this.timeout = timeout;
    this.beat = memberTtl / 3;
    // What Redis lets through may begin as late as `timeout`: so far do two starts come closer than Redis has them.
    this.window = connects.per === undefined ? 0 : connects.per + timeout;
    this.terms = { member: this.name, ...termsOf(settings, this.window) };
    this.share = new OwnShare(connects, this.window);
    this.verdicts = circuit && new Verdicts(circuit);

    /** Attempts that wait to be let through, in their order. */
    this.waiting = [];
    /** Attempts under way, by their ids. */
    this.underWay = new Set();
    this.report = noReport();
    /** Starts of the last window: each with its number, its time, and whether Redis has it. */
    this.starts = [];
    this.nextNumber = 1;
    /** What Redis said last: members, the circuit, which state of Redis it was, how far its clock is from ours. */
    this.members = 1;
    this.phase = 'CLOSED';
    this.generation = undefined;
    this.epoch = undefined;
    this.ahead = undefined;
    /** The circuit was heard to change since the last call was made. */
    this.hasNews = false;
    /** Few attempts may be under way besides: who ends one tells it at once. */
    this.isScarce = false;
    this.toldFailing = false;

    this.isDegraded = false;
    /** The begin of the first call that had no answer. */
    this.awaySince = undefined;
    this.isClosed = false;
    /** What `close()` has returned. */
    this.leaving = undefined;
    /** Whether somebody is told the names of the members. */
    this.needsList = false;
    /** The call under way. */
    this.call = undefined;
    /** When the next is due: for the heartbeat, for those who wait, for what others must know at once. */
    this.beatAt = clock();
    this.turnAt = Infinity;
    this.tellAt = Infinity;
    this.timer = undefined;
    this.unlisten = redis.listen(this.channel, (news) => this.hear(news));
    this.plan();
  }

  /** Waits until an attempt may begin. The function that it gives is told how the attempt ended. */
  enter(signal) {
    if (this.isClosed) return Promise.reject(closed());
    if (signal && signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.waiting = this.waiting.filter((other) => other !== waiter);
        if (this.waiting.length === 0) this.leaveLine();
        reject(signal.reason);
      };
      const unlisten = () => signal && signal.removeEventListener('abort', giveUp);
      const waiter = {
        begin(ended) {
          unlisten();
          resolve(ended);
        },
        refuse(error) {
          unlisten();
          reject(error);
        },
      };
      if (signal) signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(waiter);
      if (this.isDegraded) this.letThroughAlone();
      else if (this.call === undefined && this.turnAt === Infinity) this.askSoon();
    });
  }

  /** Those who wait ask as soon as no other call is under way. */
  askSoon() {
    this.turnAt = clock();
    this.plan();
  }

  /** Others must know at once what has happened. */
  tellSoon() {
    this.tellAt = Math.min(this.tellAt, clock() + TOGETHER);
    this.plan();
  }

  /** Nobody waits any more: the others need not wait for the turn of this process. */
  leaveLine() {
    this.turnAt = Infinity;
    this.tellSoon();
  }

  /** The next heartbeat is due. */
  beatSoon() {
    this.beatAt = clock();
    this.plan();
  }

  /** Sets the timer for the next call, or makes it. */
  plan() {
    clearTimeout(this.timer);
    if (this.isClosed || (this.call !== undefined && !this.isDegraded)) return;
    let at = this.beatAt;
    if (!this.isDegraded) at = Math.min(at, this.tellAt, this.waiting.length > 0 ? this.turnAt : Infinity);
    const wait = Math.ceil(at - clock());
    if (wait <= 0) {
      this.ask();
      return;
    }
    this.timer = setTimeout(() => this.plan(), wait);
    // Those who wait keep the process alive by themselves.
    this.timer.unref();
  }

  /** What one call tells and asks. */
  question(now) {
    const { ahead, isDegraded, nextNumber, report, verdicts } = this;
    const isBeat = isDegraded || now >= this.beatAt;
    this.starts = this.starts.filter(({ at }) => at > now - this.window);
    const want = isDegraded ? 0 : this.waiting.length;
    this.nextNumber += want;
    this.report = noReport();
    this.toldFailing = verdicts !== undefined && verdicts.isFailing(now);
    return {
      ...this.terms,
      want,
      next: nextNumber,
      ...report,
      isBeat,
      held: isBeat ? [...this.underWay] : [],
      own: this.starts.filter(({ isKnown }) => !isKnown).map(({ number, at }) => [number, now - at]),
      epoch: this.epoch,
      others: this.members > 1,
      away: isDegraded ? now - this.awaySince : undefined,
      failing: this.toldFailing,
      generation: this.generation,
      by: ahead === undefined ? undefined : Math.ceil(now + ahead + this.timeout),
      list: this.needsList,
    };
  }

  /** Asks Redis, and waits `timeout` for its answer. */
  ask() {
    const now = clock();
    if (this.isDegraded) {
      this.beatAt = now + RETRY;
      this.letThroughAlone();
      // What was queued while Redis was away would all be sent when it is back.
      if (this.call !== undefined && now < this.call.at + LOST_AFTER * this.timeout) {
        this.plan();
        return;
      }
    }
    const call = {
      at: now,
      question: this.question(now),
      isGivenUp: false,
      limit: undefined,
      done: undefined,
    };
    this.call = call;
    // What is asked for meanwhile is due when it has ended.
    if (call.question.isBeat && !this.isDegraded) this.beatAt = now + this.beat;
    this.turnAt = Infinity;
    this.tellAt = Infinity;
    this.hasNews = false;
    this.limit(call);
    const answered = (answer) => {
      if (this.isClosed) {
        this.giveBack(call.question, answer.granted);
        return;
      }
      this.end(call);
      const isLate = clock() > now + this.timeout;
      if (isLate) this.giveBack(call.question, answer.granted);
      if (call.isGivenUp) this.beatAt = clock();
      else this.take(call.question, isLate ? { ...answer, granted: 0, wait: 0 } : answer);
      this.plan();
    };
    const failed = (error) => {
      if (this.isClosed) return;
      this.giveUp(call, error);
      this.end(call);
      this.plan();
    };
    const running = this.redis.run(ASK, this.keys, [this.channel, JSON.stringify(call.question)]);
    call.done = running.then(answered, failed);
    this.plan();
  }

  /** Gives a call up after `timeout`. That the process itself was held up meanwhile is no fault of Redis, once. */
  limit(call, isAgain = false) {
    const due = clock() + this.timeout;
    call.limit = setTimeout(() => {
      if (!isAgain && clock() > due + HELD_UP) this.limit(call, true);
      else this.giveUp(call, coded(Error, 'ETIMEDOUT', `Redis: no answer in ${this.timeout} ms`));
    }, this.timeout);
    call.limit.unref();
  }

  /** No other call waits for this one any more. */
  end(call) {
    clearTimeout(call.limit);
    if (this.call === call) this.call = undefined;
  }

  /** There is no answer in time: what was told is told again, and those who wait are let through without Redis. */
  giveUp(call, error) {
    if (call.isGivenUp || this.isClosed) return;
    call.isGivenUp = true;
    for (const [what, items] of Object.entries(this.report)) items.push(...call.question[what]);
    this.beatAt = clock() + RETRY;
    if (!this.isDegraded) {
      this.isDegraded = true;
      this.awaySince = call.at;
      this.tell('degraded', error);
    }
    this.letThroughAlone();
    this.plan();
  }

  /** What was let through too late is free for others at once. */
  giveBack({ next }, granted) {
    for (let i = 0; i < granted; i += 1) this.report.unused.push(this.idOf(next + i));
  }

  /** What Redis has answered. */
  take(question, answer) {
    const now = clock();
    const { epoch, generation, granted, isAnew, members, phase } = answer;
    this.ahead = answer.now - now;
    this.members = members;
    this.isScarce = answer.isScarce;
    this.share.hear(answer, now);
    // A state that is not the one that was known knows nothing of what was.
    const known = new Set(question.own.map(([number]) => number));
    for (const start of this.starts) {
      if (isAnew) start.isKnown = false;
      else if (known.has(start.number)) start.isKnown = true;
    }
    this.epoch = epoch;
    // News come by another connection, and may have overtaken the answer. Those of before it was asked for are in it, unless
    // Redis has lost them.
    if (isAnew || !this.hasNews || generation >= this.generation) this.see(phase, generation);
    if (this.isDegraded) {
      this.isDegraded = false;
      this.tell('restored');
    }
    const isProbe = phase !== 'CLOSED';
    for (let i = 0; i < granted; i += 1) {
      this.letThrough(question.next + i, { generation, isProbe, isKnown: true });
    }
    const isAnswered = granted < question.want && !isAnew;
    const turnAt = isAnswered ? now + answer.wait : now;
    this.turnAt = this.waiting.length > 0 ? Math.min(this.turnAt, turnAt) : Infinity;
    if (isAnew && this.starts.length > 0) this.beatAt = now;
    if (Array.isArray(answer.list) && !isAnew && !answer.isQuiet) this.tell('members', answer.list);
  }

  /** What the circuit is. */
  see(phase, generation) {
    if (generation !== this.generation && this.verdicts) this.verdicts.forget();
    this.generation = generation;
    if (phase === this.phase) return;
    this.phase = phase;
    this.tell('circuitChange', phase);
  }

  /** News from the others: what a call would have brought later. */
  hear(news) {
    const [what, value, epoch] = String(news).split(' ');
    if (what === 'members') {
      if (this.needsList && !this.isDegraded) this.beatSoon();
    } else if (what === 'turn') {
      if (value === this.name) this.askSoon();
    } else if (this.verdicts && Number(epoch) === this.epoch && Number(value) > this.generation) {
      this.hasNews = true;
      this.see(what, Number(value));
      if (what === 'CLOSED') this.askSoon();
    }
  }

  /** Those who wait begin, as far as the own share allows. */
  letThroughAlone() {
    const room = this.share.room(clock(), this.underWay.size);
    for (let i = Math.min(room, this.waiting.length); i > 0; i -= 1) {
      this.share.start(clock());
      this.letThrough(this.nextNumber, { generation: undefined, isProbe: false, isKnown: false });
      this.nextNumber += 1;
    }
  }

  idOf(number) {
    return `${this.name}#${number}`;
  }

  /** Who waits first begins. Where he has given up meanwhile, his place is free for others. */
  letThrough(number, { generation, isProbe, isKnown }) {
    const id = this.idOf(number);
    const waiter = this.waiting.shift();
    if (waiter === undefined) {
      this.report.unused.push(id);
      this.tellSoon();
      return;
    }
    if (this.window > 0) this.starts.push({ number, at: clock(), isKnown });
    this.underWay.add(id);
    waiter.begin((outcome) => {
      if (this.underWay.delete(id)) this.conclude(id, { generation, isProbe }, outcome);
    });
  }

  /** An attempt has ended: the connection is open, or there is an error, or it was given up. */
  conclude(id, { generation, isProbe }, { isOpen, error }) {
    const { report, verdicts } = this;
    // What began without Redis, and ends without it, has no lease there.
    if (generation !== undefined || !this.isDegraded) report.ended.push(id);
    if (verdicts && (isOpen || error)) {
      if (isProbe) report.verdicts.push([id, generation, isOpen]);
      else if (generation === this.generation) verdicts.add(isOpen, clock());
    }
    const isNew = verdicts !== undefined && verdicts.isFailing(clock()) !== this.toldFailing;
    if (isProbe || isNew || this.isScarce) this.tellSoon();
    if (this.isDegraded) this.letThroughAlone();
  }

  /** What the fleet is seen to be; undefined where Redis does not answer. */
  async look() {
    const { channel, keys, redis, terms, timeout } = this;
    return within(timeout, redis.run(LOOK, keys, [channel, JSON.stringify(terms)])).catch(ignore);
  }

  /** Leaves the fleet: what it holds is free for others. */
  close() {
    if (this.leaving === undefined) this.leaving = this.leave();
    return this.leaving;
  }

  async leave() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.unlisten();
    for (const waiter of this.waiting.splice(0)) waiter.refuse(closed());
    const { call, channel, isDegraded, keys, name, redis, report, timeout, underWay } = this;
    // What it lets through is not used, and it says that this process lives.
    if (call !== undefined && !isDegraded) await within(timeout, call.done).catch(ignore);
    const told = { member: name, ended: [...report.ended, ...underWay], unused: report.unused };
    await within(timeout, redis.run(LEAVE, keys, [channel, JSON.stringify(told)])).catch(ignore);
  }
}

/** A promise, or after so many ms its rejection. */
function within(ms, promise) {
  let timer;
  const limit = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(coded(Error, 'ETIMEDOUT', `no answer in ${ms} ms`)), ms);
  });
  const done = () => clearTimeout(timer);
  promise.then(done, done);
  return Promise.race([promise, limit]);
}

module.exports = { Member };
