'use strict';

// The engine over the platform's own WebSocket: what the engine of Rust is to the facade, in JavaScript, on the policy that is compiled of
// the same sources.

const { each, later, rethrow } = require('../loop.js');
const { ConnectBudget } = require('./connect-budget.js');
const { PolicyClient, INPUT, UNCLEAN } = require('./policy-client.js');
const { Outgoing } = require('./outgoing.js');
const page = require('./page.js');
const { timersOf } = require('./timers.js');
const { NO_HEADERS, unsupported } = require('./unsupported.js');
const { weakly } = require('../weakly.js');
const websocketOptions = require('./websocket-options.js');

/** What sending led to, as src/binding/protocol.rs has it. */
const SendStatus = Object.freeze({ Above: 1, Told: 2, QueueFull: 4, BufferFull: 8 });

/** A tick that comes later than this, in ms, may have come before what arrived in the meantime. */
const LATE = 1000;
/** Later than this, and in a page that was shown all the while, it tells that the machine slept. */
const SLEPT = 5000;

/** Close codes that a WebSocket of a browser sends for its user. */
/** What an attempt fails with where the platform has no WebSocket, such as Node before 22. */
const NO_CLASS = 'There is no global WebSocket: give the option webSocket a class';

const isSendable = (code) => code === 1000 || (code >= 3000 && code <= 4999);

/**
 * The engine of a platform.
 *
 * @param {any} platform What differs between platforms: `content`, `currentContext`, `isSame`, `now`, `warn`.
 */
function createEngine(platform) {
  const { content, now } = platform;
  let lastId = 0;
  /** The clients that may be told something, by id. All others can be collected. */
  const clients = new Map();
  /** Weak references to clients that share a circuit, by scope. */
  const sharers = new Map();

  /** The budgets of attempts, by scope. */
  const budgets = new Map();

  /** The client `number` shares the circuit of a scope no more. */
  function leaveScope(scope, number) {
    const all = sharers.get(scope);
    all.delete(number);
    if (all.size === 0) sharers.delete(scope);
  }

  /** What the engine has for one client. */
  class Client {
    constructor(options, terms, urls) {
      lastId += 1;
      this.number = lastId;
      this.platform = options.platform || {};
      this.WebSocket = this.platform.webSocket || platform.WebSocket();
      this.settings = options.settings;
      this.heartbeat = options.heartbeat;
      this.route = routeOf(terms, urls);
      this.scopeAsked = 'instance';
      this.scope = undefined;
      /** The place of the attempt in the budget of attempts, and with whom that is shared. */
      this.turn = undefined;
      this.connectScope = undefined;
      this.policy = new PolicyClient(options.settings, platform.seed());
      this.out = new Outgoing(this, now, content.sizeOf, SendStatus, options.delivery, options.marks);
      this.timers = timersOf(this.platform.timers);
      this.timer = undefined;
      this.timerAt = Infinity;
      this.holds = true;
      /** The socket that is connecting or open, and the attempt that it is of. */
      this.socket = undefined;
      this.attempt = 0;
      this.isOpen = false;
      /** It is connected, and what is sent waits for its first messages. */
      this.isHeldBack = false;
      this.handshakeTimer = undefined;
      /** The close that waits for what is sent before. */
      this.holdsClose = false;
      this.heldClose = undefined;
      /** What is to be told, oldest first, and how many notices have been among it. */
      this.mail = [];
      this.pushed = 0;
      this.delivering = false;
      /** An `open` was told in this turn: what follows waits for the next. */
      this.isHeld = false;
      this.inbox = undefined;
      this.paused = false;
      /** The peer was asked since it was last heard of, and nothing hindered its answer. */
      this.asked = false;
      /** It waits to retry. */
      this.waits = false;
    }

    // What the facade calls.

    reroute(terms, urls) {
      this.route = routeOf(terms, urls);
      this.joinScope();
    }

    connect(received) {
      return this.start(received, (at) => this.policy.connect(at));
    }

    reconnect(received, code, reason) {
      return this.start(received, (at) => this.policy.reconnect(code, reason, at));
    }

    start(received, run) {
      const refusal = run(now());
      return { ...this.reply(received, false), refusal };
    }

    close(received, code, reason, seenAlive) {
      return this.told(received, true, INPUT.close, code, Number(seenAlive), reason);
    }

    terminate(received, seenAlive) {
      return this.told(received, true, INPUT.terminate, 0, Number(seenAlive));
    }

    reset(received) {
      return this.told(received, true, INPUT.reset);
    }

    openCircuit(received) {
      return this.told(received, true, INPUT.openCircuit);
    }

    closeCircuit(received) {
      return this.told(received, true, INPUT.closeCircuit);
    }

    countFailure(received) {
      return this.told(received, true, INPUT.countFailure);
    }

    judged(received, connection) {
      return this.told(received, false, INPUT.judged, connection);
    }

    /** The policy is not told of the event loop here. */
    runs(received) {
      return this.reply(received, false);
    }

    told(received, owned, input, ...args) {
      this.policy.tell(input, now(), ...args);
      return this.reply(received, owned);
    }

    answered() {
      return this.assign(INPUT.answered);
    }

    configure(settings) {
      this.settings = settings;
      const cutoff = this.pushed;
      this.policy.configure(settings, now());
      this.drain();
      return cutoff;
    }

    setRetryCount(count) {
      return this.assign(INPUT.setRetryCount, count);
    }

    setCircuitFailures(count) {
      return this.assign(INPUT.setCircuitFailures, count);
    }

    setManualClose(closed) {
      return this.assign(INPUT.setManualClose, Number(closed));
    }

    setCircuit(state) {
      const cutoff = this.pushed;
      this.policy.setCircuit(state, now());
      this.drain();
      return cutoff;
    }

    /** It tells nothing before it returns. */
    assign(input, ...args) {
      const cutoff = this.pushed;
      this.policy.tell(input, now(), ...args);
      this.drain(true);
      return cutoff;
    }

    sayRoute(attempt, terms, urls) {
      this.route = routeOf(terms, urls);
      this.joinScope();
      this.assign(INPUT.routed, attempt);
    }

    failAttempt(attempt, message, withheld) {
      this.assign(INPUT.refused, attempt, 1 + Number(withheld), `\n${message}`);
    }

    sendFirstText(attempt, data) {
      if (this.attempt === attempt && this.isHeldBack) this.out.hand(this.socket, data);
    }

    sendFirstBinary(attempt, data) {
      this.sendFirstText(attempt, data);
    }

    sayInitialized(attempt) {
      if (this.attempt !== attempt || !this.isHeldBack) return;
      this.policy.tell(INPUT.initialized, now(), attempt);
      this.begin();
      this.drain(true);
    }

    sayRetry(attempt, goesOn, delay) {
      const wait = delay === undefined || delay === null ? -1 : delay;
      this.assign(INPUT.decided, attempt, goesOn ? wait : -2);
    }

    sayAwaited(attempt) {
      this.assign(INPUT.awaited, attempt);
    }

    share(scope) {
      this.scopeAsked = scope;
      this.joinScope();
    }

    shareConnects(scope) {
      this.connectScope = scope;
    }

    /** Whether the attempt waits for the budget. */
    isQueued() {
      return this.turn !== undefined && this.turn.waits;
    }

    setHeartbeat(message) {
      this.heartbeat = message;
    }

    calculateDelay(attempt) {
      return this.policy.delay(attempt);
    }

    ping() {
      throw unsupported('ping()', 'it shows neither pings nor pongs');
    }

    roundTrips() {
      return null;
    }

    /** There are no control frames to tell of. */
    listen() {}

    sendText(data, seenOpen, { volatile }, tells) {
      return this.out.send(data, seenOpen, tells, volatile);
    }

    sendBinary(data, seenOpen, wish, tells) {
      return this.sendText(data, seenOpen, wish, tells);
    }

    confirmText() {
      throw unsupported(
        'sendConfirmed()',
        'it tells neither pongs nor what the peer has read; have the application answer',
      );
    }

    confirmBinary() {
      return this.confirmText();
    }

    flush() {
      throw unsupported(
        'flush()',
        'it tells neither pongs nor what the peer has read; have the application answer',
      );
    }

    /** What became of messages by a call; where others are still on their way, it follows them. */
    takeOutcomes() {
      if (this.mail.some((item) => item.outcome)) this.out.post();
      return this.out.outcomes.splice(0);
    }

    holdClose(holds) {
      this.holdsClose = holds;
      if (holds || this.heldClose === undefined) return;
      const { code, reason } = this.heldClose;
      this.heldClose = undefined;
      this.shut(code, reason);
    }

    bufferedAmount() {
      return this.out.buffered;
    }

    queued() {
      return this.out.queued();
    }

    written() {
      return { ...this.out.written };
    }

    nextAttemptIn() {
      const deadline = this.isQueued() ? this.turn.beginsAt() : this.policy.deadline;
      return deadline === Infinity ? null : Math.max(0, deadline - now());
    }

    setMarks(marks) {
      this.out.marks = marks;
    }

    /** A WebSocket of a browser cannot be kept from reading: messages are kept, and silence proves nothing. */
    pause() {
      this.paused = true;
      if (this.isOpen) this.tell(INPUT.paused, this.attempt);
    }

    hold() {}

    resume() {
      this.paused = false;
      if (this.isOpen) this.tell(INPUT.resumed, this.attempt);
    }

    // What the policy decides.

    /** Tells the policy a fact, and does what follows. */
    tell(input, ...args) {
      this.policy.tell(input, now(), ...args);
      this.drain();
    }

    /** Carries out every decision, and returns the notices among them. */
    carryOut() {
      const notices = [];
      for (let output = this.policy.next(); output !== undefined; output = this.policy.next()) {
        const { dial, shut, leave, notice } = output;
        if (notice !== undefined) {
          if (notice.kind === 'state' && notice.state !== 'CLOSED') this.waits = false;
          if (notice.kind === 'state' && notice.state !== 'CONNECTING') this.endTurn();
          if (notice.kind === 'retry') this.waits = true;
          this.alive = notice.alive;
          notices.push(notice);
        } else if (dial !== undefined) this.dial(dial);
        else if (output.beat || output.ping) this.beat();
        else if (shut !== undefined) {
          if (this.holdsClose) this.heldClose = shut;
          else this.shut(shut.code, shut.reason);
        } else if (output.cut) this.drop(1000, '');
        else if (leave !== undefined) this.drop(leave.code, leave.reason);
      }
      if (notices.length > 0 && this.alive === false) this.out.end();
      return notices;
    }

    /** Takes every decision: what is told goes to the mail, and is delivered at once, unless `isLater` or it has to wait. */
    drain(isLater = false) {
      for (const notice of this.carryOut()) this.push({ notice });
      this.out.post();
      this.arm();
      this.tickSharers();
      if (isLater) {
        if (this.mail.length > 0) this.deliverLater();
      } else this.deliver();
    }

    /**
     * Splits what a call led to as the policy does for the engine of Rust (`ReplyOrder`): what is told at once, and what queues
     * behind what has not been seen.
     */
    reply(received, owned) {
      const cutoff = this.pushed;
      let inOrder = cutoff === received || (this.mail.length === 0 && !this.delivering);
      const notices = [];
      const behind = [];
      for (const notice of this.carryOut()) {
        const isState = notice.kind === 'state';
        const closing = isState && notice.state === 'CLOSING';
        const overtakes = owned && (closing || notice.kind === 'circuit');
        inOrder = inOrder && !(isState && notice.state === 'CLOSED' && notice.alive);
        if (inOrder || overtakes) notices.push(notice);
        else behind.push(notice);
        inOrder = inOrder && !closing && behind.length === 0;
      }
      this.out.post();
      for (const notice of behind) this.push({ notice });
      if (this.mail.length > 0) this.deliverLater();
      this.arm();
      this.tickSharers();
      return { cutoff, notices, refusal: undefined };
    }

    // What is told.

    push(item) {
      if (item.notice !== undefined) this.pushed += 1;
      this.mail.push({ ...item, order: this.pushed, at: platform.wallTime() });
    }

    deliverLater() {
      if (this.isHeld) return;
      this.isHeld = true;
      later(() => {
        this.isHeld = false;
        this.deliver();
      });
    }

    /** Delivers the mail, unless it is being delivered. What follows an `open` waits for the next turn of the event loop. */
    deliver() {
      if (this.delivering || this.isHeld) return;
      this.delivering = true;
      while (this.mail.length > 0 && !this.isHeld) {
        const item = this.mail.shift();
        try {
          this.hand(item);
        } catch (error) {
          rethrow(error);
        }
        if (item.notice !== undefined && item.notice.kind === 'open') this.deliverLater();
      }
      this.delivering = false;
    }

    hand({ notice, outcome, data, order, at }) {
      const { inbox } = this;
      if (inbox === undefined) return;
      if (notice !== undefined) inbox.takeNotice(notice, at, order);
      else if (outcome !== undefined) inbox.takeOutcome(outcome);
      else if (typeof data === 'string') inbox.takeTexts([content.sizeOf(data), data], 0, 2, at);
      else inbox.takeBinaries([data, data.byteLength], 0, 2, at);
    }

    // The clock.

    /** Sets the timer to what is due next. */
    arm() {
      const { policy, timers } = this;
      const isHidden = this.waits && page.isHeld(this.platform);
      const at = Math.min(isHidden ? Infinity : policy.deadline, this.out.deadline);
      if (at === this.timerAt) return;
      if (this.timer !== undefined) timers.clear(this.timer);
      this.timer = undefined;
      this.timerAt = at;
      if (at === Infinity) return;
      // A timer takes no longer time; one that comes too early is a tick that does nothing.
      const wait = Math.min(Math.max(Math.ceil(at - now()), 0), 2 ** 31 - 1);
      this.timer = timers.set(() => this.tick(), wait);
      if (!this.holds && this.timer.unref) this.timer.unref();
    }

    /** The time is due. Where it comes late, what has arrived in the meantime has its turn before. */
    tick() {
      const late = now() - this.timerAt;
      this.timer = undefined;
      this.timerAt = Infinity;
      if (late > LATE && this.isOpen) later(() => this.tickLate(late));
      else this.tickNow();
    }

    tickNow() {
      const at = now();
      this.out.expire(at);
      if (!(this.waits && page.isHeld(this.platform))) this.policy.tell(INPUT.tick, at);
      this.drain();
    }

    /** A peer that is silent may have been, or this thread: it is asked, and only one that was asked already may be found dead. */
    tickLate(late) {
      if (this.isOpen && !this.asked && !this.paused) {
        this.tell(INPUT.paused, this.attempt);
        this.tell(INPUT.resumed, this.attempt);
        if (late > SLEPT && page.wasShownFor(late)) this.tell(INPUT.woke, late);
        this.suspect();
      }
      this.tickNow();
    }

    /**
     * Asks the peer whether it lives, where it knows what it is asked.
     * @param {number} input
     */
    suspect(input = INPUT.suspected) {
      const asks = this.isOpen && this.settings.heartbeatInterval > 0;
      if (this.isOpen && !asks) return;
      if (asks) this.asked = true;
      this.tell(input);
    }

    // The socket.

    /** Begins an attempt, as soon as the budget lets it. */
    dial({ attempt, place, limit }) {
      const { urls = [] } = this.route;
      const url = urls[Math.min(place, urls.length - 1)];
      this.drop(1000, '');
      this.attempt = attempt;
      const { connectRate } = this.settings;
      const go = () => this.openSocket(attempt, url, limit);
      if (connectRate === undefined) go();
      else this.turn = this.budgetOf(url).enter(connectRate, this.timers, go);
    }

    budgetOf(url) {
      const { connectScope } = this;
      const scope = connectScope === 'host' ? `host ${hostOf(url)}` : `name ${connectScope}`;
      if (!budgets.has(scope)) budgets.set(scope, new ConnectBudget(now));
      return budgets.get(scope);
    }

    /** The attempt is under way no more. */
    endTurn() {
      const { turn } = this;
      this.turn = undefined;
      if (turn !== undefined) turn.end();
    }

    openSocket(attempt, url, limit) {
      const { protocols } = this.route;
      let socket;
      try {
        if (!this.WebSocket) throw new Error(NO_CLASS);
        socket = new this.WebSocket(url.replace(/^\s*http/i, 'ws'), protocols);
        socket.binaryType = 'arraybuffer';
      } catch (error) {
        later(() => this.refuse(attempt, error && error.code, String((error && error.message) || error)));
        return;
      }
      this.socket = socket;
      this.out.socket = undefined;
      socket.onopen = () => this.opened(socket, attempt, url);
      socket.onmessage = ({ data }) => this.received(socket, attempt, data);
      // Some platforms tell no `close` behind it (WebKit, on ports that it blocks).
      socket.onerror = (event) => {
        if (this.socket !== socket || this.isOpen) return;
        const { error } = event || {};
        const message = (event && event.message) || (error && error.message) || '';
        this.refuse(attempt, error && error.code, message || `The connection to ${hostOf(url)} failed`);
      };
      socket.onclose = (event) => this.closed(socket, attempt, event || {}, url);
      if (limit !== Infinity) {
        this.handshakeTimer = this.timers.set(() => {
          if (this.attempt !== attempt || this.socket !== socket || this.isOpen) return;
          const message = `Opening handshake has timed out after ${limit} ms`;
          this.refuse(attempt, 'WSR_ERR_HANDSHAKE_TIMEOUT', message);
        }, limit);
      }
    }

    opened(socket, attempt, url) {
      if (this.socket !== socket) return;
      this.endHandshake();
      this.policy.tell(INPUT.opened, now(), attempt);
      this.isOpen = true;
      this.isHeldBack = this.settings.asksInit;
      if (!this.isHeldBack) this.begin();
      this.push({
        notice: {
          kind: 'agreed',
          protocol: socket.protocol || '',
          extensions: socket.extensions || '',
          url,
          statusCode: 101,
          headers: [],
        },
      });
      if (this.paused) this.policy.tell(INPUT.paused, now(), attempt);
      this.drain();
    }

    /** What is sent goes out from here on. */
    begin() {
      this.isHeldBack = false;
      this.asked = false;
      this.out.socket = this.socket;
      this.out.flush(now());
    }

    received(socket, attempt, data) {
      if (this.socket !== socket) return;
      this.asked = false;
      this.policy.tell(INPUT.received, now(), attempt);
      if (ArrayBuffer.isView(data)) {
        // The `ws` of some runtimes gives views.
        const { buffer, byteOffset, byteLength } = data;
        this.push({ data: buffer.slice(byteOffset, byteOffset + byteLength) });
      } else this.push({ data });
      this.drain();
    }

    closed(socket, attempt, { code = 1006, reason = '', wasClean = false }, url) {
      if (this.socket !== socket) return;
      if (!this.isOpen) {
        this.refuse(attempt, undefined, `The connection to ${hostOf(url)} failed`);
        return;
      }
      if (wasClean) this.out.over();
      this.unplug();
      this.tell(INPUT.lost, attempt, code + (wasClean ? 0 : UNCLEAN), reason);
    }

    /** The attempt has failed. */
    refuse(attempt, code, message) {
      if (this.attempt !== attempt || this.isOpen) return;
      this.drop(1000, '');
      this.tell(INPUT.refused, attempt, 0, `${code || 'WSR_ERR_CONNECTION'}\n${message}`);
    }

    /** Begins the closing handshake. */
    shut(code, reason) {
      const { socket } = this;
      if (socket === undefined) return;
      this.isHeldBack = false;
      this.out.socket = undefined;
      socket.close(code, reason);
    }

    /** Lets go of the socket. A browser that counts what ends in another way than 1000 delays the next attempts (Firefox). */
    drop(code, reason) {
      const { socket } = this;
      if (socket === undefined) return;
      this.unplug();
      try {
        if (typeof socket.terminate === 'function' && code === 1000 && reason === '') socket.terminate();
        else socket.close(isSendable(code) ? code : 1000, reason);
      } catch (_error) {
        // It is gone already.
      }
    }

    unplug() {
      const { socket } = this;
      this.endHandshake();
      this.socket = undefined;
      this.isOpen = false;
      this.isHeldBack = false;
      this.heldClose = undefined;
      this.out.over('lost');
      if (socket === undefined) return;
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      // `ws` throws an `error` that nobody listens to.
      socket.onerror = () => {};
    }

    endHandshake() {
      if (this.handshakeTimer !== undefined) this.timers.clear(this.handshakeTimer);
      this.handshakeTimer = undefined;
    }

    beat() {
      const { socket } = this.out;
      if (socket !== undefined) socket.send(this.heartbeat);
    }

    // The circuit that is shared.

    joinScope() {
      const { scopeAsked } = this;
      const [url] = this.route.urls || [];
      let scope;
      if (scopeAsked === 'host') scope = url === undefined ? undefined : `host ${hostOf(url)}`;
      else if (scopeAsked !== 'instance') scope = `name ${scopeAsked}`;
      if (scope === this.scope) return;
      if (this.scope !== undefined) leaveScope(this.scope, this.number);
      this.scope = scope;
      if (scope !== undefined) {
        if (!sharers.has(scope)) sharers.set(scope, new Map());
        sharers.get(scope).set(this.number, weakly(this));
      }
      this.policy.join(scope, now());
      this.drain(true);
    }

    /** Has the others look at the circuit where it was moved. */
    tickSharers() {
      if (this.scope === undefined) return;
      const all = sharers.get(this.scope);
      each([...all], ([number, reference]) => {
        const other = reference.deref();
        if (other === undefined) leaveScope(this.scope, number);
        else if (other !== this && other.policy.isBehind) {
          other.policy.tell(INPUT.tick, now());
          other.drain(true);
        }
      });
    }

    // The life of the page.

    /** There is a network. */
    online() {
      if (this.isOpen && !(this.settings.heartbeatInterval > 0)) return;
      this.asked = this.isOpen;
      this.tell(INPUT.networkChanged);
    }

    offline() {
      if (this.isOpen) this.suspect();
    }

    shown() {
      this.suspect(INPUT.shown);
      this.tickNow();
    }

    hidden() {
      this.arm();
    }

    /** Nothing was heard while the page was frozen. */
    thawed() {
      this.asked = false;
      if (!this.isOpen || this.paused) return;
      this.tell(INPUT.paused, this.attempt);
      this.tell(INPUT.resumed, this.attempt);
    }

    /** The page may be kept for later: a connection would forbid that, and be cut. */
    leaves() {
      if (this.socket === undefined) return;
      const { attempt, isOpen } = this;
      this.drop(1000, 'The page was left');
      if (isOpen) this.tell(INPUT.lost, attempt, 1000, 'The page was left');
      else this.tell(INPUT.refused, attempt, 0, 'WSR_ERR_CONNECTION\nThe page was left');
    }
  }

  /** A route, once what only the platform can judge of it is fine. */
  function routeOf({ headers, protocols }, urls) {
    if (headers.length > 0) throw unsupported('headers', NO_HEADERS);
    websocketOptions.checkUrls(urls);
    websocketOptions.checkProtocols(protocols);
    return { urls, protocols };
  }

  return {
    ...content,
    ...websocketOptions.readers,
    SendStatus,
    currentContext: platform.currentContext,
    createNative: (options, terms, urls) => new Client(options, terms, urls),
    configure: (client, settings) => client.configure(settings),
    reroute: (client, terms, urls) => client.reroute(terms, urls),
    sayRoute: (client, attempt, terms, urls) => client.sayRoute(attempt, terms, urls),
    isSame: platform.isSame,
    readProxy: () => undefined,
    keepChunk() {},
    monotonic: (epochMs) => now() - Math.max(0, platform.wallTime() - epochMs),
    now,
    wallTime: platform.wallTime,
    warn: platform.warn,
    /** There is nothing beside the event loop that could watch over it. */
    watchEventLoop() {},
    receivedForm(type, data) {
      if (typeof data === 'string') return data;
      const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
      return content.binaryOf(type, buffer.slice(byteOffset, byteOffset + byteLength), 0, byteLength);
    },
    refuse: websocketOptions.refuse,
    canClose: isSendable,
    send(id, data, _isBinary, isOpen) {
      const client = clients.get(id);
      return client === undefined ? undefined : client.out.send(data, isOpen, false).status || undefined;
    },
    deliverKept(inbox) {
      later(() => {
        if (inbox.deliverShare()) this.deliverKept(inbox);
      });
    },
    share(_id, inbox, client, scope) {
      client.inbox = inbox;
      client.share(scope);
    },
    track(id, inbox, reachable, holding) {
      const client = inbox.life.native;
      client.inbox = inbox;
      client.holds = holding;
      if (client.timer !== undefined && client.timer.ref) {
        if (holding) client.timer.ref();
        else client.timer.unref();
      }
      if (reachable) clients.set(id, client);
      else clients.delete(id);
      if (holding) page.add(client);
      else page.remove(client);
    },
  };
}

/** The host and port of a URL, as messages name it. */
function hostOf(url) {
  const found = /^(?:ws|http)s?:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(url || '');
  return found ? found[1].toLowerCase() : 'the server';
}

module.exports = { createEngine };
