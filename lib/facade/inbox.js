'use strict';

const { each, report, rethrow } = require('../loop.js');
const { heed } = require('./ask.js');
const { Backlog } = require('./backlog.js');
const { emitMessage, tell } = require('./emitter.js');

/**
 * @typedef {import('../../native/index.js').DeliveryOutcome} DeliveryOutcome
 * @typedef {import('../../native/index.js').Notice} Notice
 * @typedef {import('../../native/index.js').Reply} Reply
 * @typedef {import('./cutoffs.js').Moment} Moment
 * @typedef {{ reply: Reply, moment: Moment }} Called What a call upon the engine returned, and its moment.
 */

/** So many items of a backlog are delivered before another client has its turn. */
const SHARE = 64;

/**
 * Notices of who is alive. They are told at once, also while paused.
 * @type {Set<Notice['kind']>}
 */
const OF_LIVENESS = new Set(['pinged', 'blocked', 'wake', 'network', 'was-answered', 'runs']);

/** What tells whether a message is the reply to a heartbeat that the user asks for. */
function judgeOf(reply) {
  const fails = (error) => report("the function 'heartbeatReply'", error);
  if (typeof reply !== 'function') {
    // Of one's own, since its `lastIndex` changes: the user's may be frozen.
    const pattern = new RegExp(reply);
    return (data) => {
      pattern.lastIndex = 0;
      return typeof data === 'string' && pattern.test(data);
    };
  }
  return (data) => {
    try {
      const answer = reply(data);
      heed(answer, fails);
      return Boolean(answer);
    } catch (error) {
      fails(error);
      return false;
    }
  };
}

/** Whether a message is JSON of the type `pong`. */
function isPong(data) {
  if (typeof data !== 'string' || !data.includes('"pong"')) return false;
  try {
    return JSON.parse(data).type === 'pong';
  } catch (_error) {
    return false;
  }
}

/**
 * What comes for one client, in its order: messages and notices that the engine tells, and what calls upon it return.
 *
 * It is what the engine knows of a client. Notices go to `life`, messages to its handlers.
 */
class Inbox {
  constructor(life) {
    this.life = life;
    /** The place of the latest notice that was taken from the mailbox. */
    this.order = 0;
    /** What calls have returned and is not delivered yet, oldest first; none at rest. */
    this.returned = undefined;
    /** Replies that are being delivered one within the other, … */
    this.deliveryDepth = 0;
  }

  /** How many notices of the mailbox have been told. */
  get received() {
    return this.order - (this.backlog === undefined ? 0 : this.backlog.notices);
  }

  get isPaused() {
    return this.backlog !== undefined && this.backlog.paused;
  }

  pause() {
    if (this.backlog === undefined) this.backlog = new Backlog(this.life.native);
    this.backlog.paused = true;
  }

  resume() {
    if (!this.isPaused) return;
    this.backlog.paused = false;
    this.life.engine.deliverKept(this);
  }

  /** Puts what judges and hides messages before their delivery, where an option asks for it. */
  sift({ heartbeatReply, hidePong }) {
    if (this.filter !== undefined) this.filter = undefined;
    const { init } = this.life;
    if (init !== undefined) {
      this.filter = (data) => init.take(data);
      return;
    }
    if (!heartbeatReply && !hidePong) return;
    const isReply = heartbeatReply ? judgeOf(heartbeatReply) : () => false;
    this.filter = (data) => {
      if (isReply(data)) this.life.native.answered();
      return !hidePong || !isPong(data);
    };
  }

  // What the engine tells, outside of any context.

  takeTexts(rows, begin, end, at) {
    this.life.lifetime.run(this.deliverTexts, this, rows, begin, end, at);
  }

  takeBinaries(rows, begin, end, at) {
    this.life.lifetime.run(this.deliverBinaries, this, rows, begin, end, at);
  }

  takeControl(event, payload, at) {
    this.life.lifetime.run(this.deliverControl, this, event, payload, at);
  }

  /** @param {DeliveryOutcome} outcome */
  takeOutcome(outcome) {
    this.life.lifetime.run(this.life.settle, this.life, outcome);
  }

  /** Has `supply` answer what an attempt asks for. */
  takeNeed(supply, need) {
    const { lifetime, route } = this.life;
    lifetime.run(route.supply, route, supply, need);
  }

  /**
   * Takes a notice from the mailbox. What tells of the connection's life waits behind messages that wait.
   * @param {Notice} notice
   */
  takeNotice(notice, at, order) {
    const { backlog } = this;
    this.order = order;
    const moment = { order, call: Infinity };
    if (backlog === undefined || backlog.isEmpty || OF_LIVENESS.has(notice.kind)) {
      this.life.deliver(notice, at, moment);
    } else {
      backlog.addNotice(notice, at, moment);
    }
  }

  /**
   * Delivers a share of what was kept while paused, and tells whether more may follow in this turn of the event loop: what
   * follows an `open` may not.
   */
  deliverShare() {
    const { backlog } = this;
    if (backlog === undefined) return false;
    for (let count = 0; count < SHARE && !backlog.paused; count += 1) {
      if (backlog.isEmpty) {
        this.backlog = undefined;
        this.life.native.resume();
        return false;
      }
      const { data, told } = backlog.take();
      try {
        if (told === undefined) this.life.lifetime.run(this.deliverKept, this, data);
        else this.life.deliver(told.notice, told.at, told.moment);
      } catch (error) {
        rethrow(error);
      }
      if (told !== undefined && told.notice.kind === 'open') {
        this.life.engine.deliverKept(this);
        return false;
      }
    }
    return !backlog.paused;
  }

  /** A connection is open: what `init` has left of its messages comes before all else, in another turn of the event loop. */
  deliverFirst(messages) {
    const { backlog, life } = this;
    if (messages.isEmpty) {
      if (backlog === undefined) life.native.resume();
      return;
    }
    this.backlog = new Backlog(life.native);
    this.backlog.paused = backlog !== undefined && backlog.paused;
    while (!messages.isEmpty) this.deliverMessage(messages.take().data);
    if (backlog !== undefined) this.backlog.append(backlog);
    if (!this.isPaused) life.engine.deliverKept(this);
  }

  // What calls return.

  /**
   * Delivers what a call returned, before it returns, and behind what `first` tells. A call inside of a handler has what the
   * call around it has still to tell delivered first: that is older.
   * @param {Called} called
   */
  takeReply({ reply, moment }, first = () => {}) {
    const told = { order: Infinity, call: moment.call };
    const at = this.life.engine.wallTime();
    this.deliveryDepth += 1;
    try {
      first();
      if (this.returned === undefined) this.returned = [];
      for (const notice of reply.notices) this.returned.push({ notice, at, told });
      while (this.returned.length > 0) this.deliverReturned(this.returned.shift());
    } finally {
      this.deliveryDepth -= 1;
    }
    if (this.deliveryDepth > 0) return;
    this.returned = undefined;
    const { deferredReplies } = this;
    if (deferredReplies === undefined) return;
    const next = deferredReplies.shift();
    if (deferredReplies.length === 0) this.deferredReplies = undefined;
    this.takeReply(next);
  }

  deliverReturned({ notice, at, told }) {
    try {
      this.life.deliver(notice, at, told);
    } catch (error) {
      rethrow(error);
    }
  }

  /**
   * Delivers what a call returned behind what a call that is under way is still telling: nothing of that is void.
   * @param {Called} called
   */
  takeReplyBehind(called) {
    if (this.deliveryDepth === 0) this.takeReply(called);
    else if (this.deferredReplies === undefined) this.deferredReplies = [called];
    else this.deferredReplies.push(called);
  }

  /**
   * Delivers what a call has settled, before it returns. A call inside of a handler has what the call around it has still
   * to tell delivered first: that is older.
   */
  takeOutcomes() {
    const take = (outcome) => this.takeOutcome(outcome);
    each(this.settled, take);
    this.settled = this.life.native.takeOutcomes(this.outcomes).values();
    each(this.settled, take);
  }

  // In the context of the client's handlers.

  /** Text messages: the bytes of all of them, and behind that they. */
  deliverTexts(rows, begin, end, at) {
    const { view } = this.life;
    view.lastActivity = at;
    view.bytesIn += rows[begin];
    for (let i = begin + 1; i < end; i += 1) {
      view.messagesIn += 1;
      this.deliverMessage(rows[i]);
    }
  }

  /** Binary messages: the chunk that they lie in, and behind it their lengths. */
  deliverBinaries(rows, begin, end, at) {
    const { view } = this.life;
    view.lastActivity = at;
    const chunk = rows[begin];
    const first = begin + 1;
    if (end - first > 1) this.life.engine.keepChunk(chunk);
    let offset = 0;
    for (let i = first; i < end; i += 1) {
      const length = rows[i];
      view.messagesIn += 1;
      view.bytesIn += length;
      this.deliverMessage(this.life.engine.binaryOf(this.binaryType, chunk, offset, length));
      offset += length;
    }
  }

  deliverMessage(data) {
    if (this.filter !== undefined && !this.filter(data)) return;
    if (this.backlog === undefined) emitMessage(this.life.emitter, data);
    else this.backlog.addMessage(data);
  }

  /** A message that was kept. It may be of a connection that is not open yet. */
  deliverKept(data) {
    const { emitter, init } = this.life;
    if (init === undefined) emitMessage(emitter, data);
    else init.take(data);
  }

  /** A ping or a pong. Once nobody listens any more, the engine tells none. */
  deliverControl(event, payload, at) {
    this.life.view.lastActivity = at;
    const data = this.life.engine.binaryOf('nodebuffer', payload, 0, payload.byteLength);
    if (!tell(this.life.emitter, event, data)) this.listen();
  }

  /** Tells the engine which control frames somebody listens to: no other is told. */
  listen() {
    const { emitter } = this.life;
    this.life.native.listen(emitter.listenerCount('ping') > 0, emitter.listenerCount('pong') > 0);
  }
}

// What few clients have.

/** … and those that are delivered behind. */
Inbox.prototype.deferredReplies = undefined;
Inbox.prototype.binaryType = 'nodebuffer';
/**
 * What the latest call has settled and is not told yet.
 * @type {Iterable<DeliveryOutcome>}
 */
Inbox.prototype.settled = [];
/** How many outcomes of messages and receipts have been told that went to the mailbox. */
Inbox.prototype.outcomes = 0;
/** What waits for `resume()`, from `pause()` until all of it has been delivered. */
Inbox.prototype.backlog = undefined;
/** Which messages are delivered; all, where there is none. While `init` runs, it takes them. */
Inbox.prototype.filter = undefined;

module.exports = { Inbox, judgeOf };
