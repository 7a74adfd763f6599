'use strict';

const { WebSocketReconnect } = require('../../index.js');
const { EXIT } = require('./exit-codes.js');
const { replaying } = require('./input.js');
const { payload } = require('./payload.js');
const { Records, Words, retryOf } = require('./reports.js');
const { Screen } = require('./screen.js');

/** How long the server has to confirm that it has read all, in ms: one that answers no pings never does. */
const CONFIRMED_IN = 5000;
/** How long answers are waited for after the end of what is piped in, unless told, in ms. */
const WAIT = 1000;

/** Close codes by which a server says that all is well: RFC 6455, 7.4.1. */
const AT_PEACE = [1000, 1001, 1005];

/** Errors of output that nobody reads any more. */
const UNREAD = ['EPIPE', 'ECONNRESET'];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 2 ** 31 - 1)));
const size = (data) => Buffer.byteLength(data);

/** What is told of events whose argument is more than plain data. */
const FIELDS = {
  /** @param {{ code?: string, message: string, statusCode?: number, body?: string | Buffer }} error */
  error: ({ code, message, statusCode, body }) => ({ code, message, statusCode, body: body && String(body) }),
  giveup: ({ reason, message, retryCount }) => ({ reason, message, retryCount }),
};

/** One client from its first attempt to its end. */
class Session {
  constructor(settings, streams) {
    this.settings = settings;
    this.client = new WebSocketReconnect(settings.client);
    this.screen = new Screen(streams, () => this.status());
    this.reports = settings.json ? new Records(this.screen) : new Words(this.screen, settings);
    this.startedAt = Date.now();
    /** When the retry that is waited for begins. */
    this.retryAt = 0;
    /** The exit code, once the end has begun. */
    this.code = undefined;
    this.hasLost = false;
    /** Whether a message waits for the connection. */
    this.isHolding = false;
    this.hasBadLine = false;
    /** Whether the end of the connection is that of the session: the input has ended. */
    this.endsWithConnection = false;
    this.counts = { messagesIn: 0, bytesIn: 0, messagesOut: 0, bytesOut: 0, connects: 0 };
    this.confirmed = 0;
    this.confirming = undefined;
    this.hasRoom = true;
    /** Whether the connection is open, and what comes first has been sent on it. */
    this.isOpen = false;
    /** @type {(value?: any) => void} */
    this.wake = () => {};
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.follow();
  }

  /** Runs to the end, and resolves to the exit code. */
  async run() {
    this.client.connect().catch(() => {});
    this.pump().catch((error) => {
      this.tell('error', FIELDS.error(error));
      this.finish(EXIT.failed);
    });
    await this.ended;
    if (this.settings.stats) this.tell('stats', this.summary());
    this.screen.close();
    return this.code;
  }

  follow() {
    const { client } = this;
    client.on('open', (info) => this.opened(info));
    client.on('message', ({ data }) => this.take(data));
    client.on('close', (info) => this.closed(info));
    client.on('retry', (info) => {
      this.retryAt = Date.now() + info.delay;
      this.tell('retry', info);
    });
    client.on('error', (error) => this.tell('error', FIELDS.error(error)));
    client.on('giveup', (info) => {
      this.tell('giveup', FIELDS.giveup(info));
      if (this.isHolding) this.tell('unsent', {});
      this.code = info.reason === 'NOT_TRANSIENT' && !info.error ? EXIT.lost : EXIT.failed;
      this.settle();
    });
    client.on('stateChange', (state) => {
      this.isOpen = false;
      this.tell('state', { state });
      this.screen.refresh();
      this.settleIfClosed();
    });
    client.on('drain', () => {
      this.hasRoom = true;
      this.wake();
    });
    client.on('pong', () => this.screen.refresh());
  }

  tell(name, fields) {
    this.reports.event(name, fields, this.code !== undefined);
  }

  opened({ headers, ...info }) {
    this.counts.connects++;
    this.confirmed = this.counts.messagesOut;
    this.hasRoom = true;
    this.tell('open', { ...info, protocol: this.client.protocol });
    for (const data of this.settings.onOpen) this.send(data, true);
    if (this.screen.hasStatus || this.settings.stats) this.client.ping().catch(() => {});
    this.isOpen = true;
    this.wake();
  }

  take(data) {
    this.counts.messagesIn++;
    this.counts.bytesIn += size(data);
    // What is delivered at the end is printed without a pause, which would hold the end back.
    if (this.reports.message(data) || this.code !== undefined) return;
    this.client.pause();
    this.screen.output.once('drain', () => this.client.resume());
  }

  closed(info) {
    if (info.code === 'MAX_RETRIES') return;
    this.tell('close', info);
    if (!this.endsWithConnection || this.code !== undefined) return;
    this.finish(info.wasClean && AT_PEACE.includes(info.code) ? this.outcome() : EXIT.lost);
  }

  send(data, onOpen = false) {
    this.hasRoom = this.client.send(data);
    this.counts.messagesOut++;
    this.counts.bytesOut += size(data);
    this.reports.sent(data, onOpen);
    this.confirm();
  }

  /** Has the server confirm what was sent, by a ping at a time that stands for all before it. */
  confirm() {
    if (this.confirming) return;
    this.confirming = this.confirmAll()
      .catch(() => {
        if (this.code !== undefined) return;
        this.hasLost = true;
        this.tell('unconfirmed', { messages: this.counts.messagesOut - this.confirmed });
      })
      .finally(() => {
        this.confirming = undefined;
      });
  }

  async confirmAll() {
    while (this.confirmed < this.counts.messagesOut) {
      const sent = this.counts.messagesOut;
      await this.client.flush({ timeout: 0 });
      this.confirmed = sent;
    }
  }

  /** Waits until a message can be sent. */
  async ready() {
    while (!this.isOpen || !this.hasRoom) {
      await new Promise((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Sends what comes in. A line is taken from the input when it can be sent: what is down loses none. */
  async pump() {
    const { replay, form } = this.settings;
    if (replay) {
      await this.ready();
      for await (const data of replaying(replay)) await this.pass(data);
    } else {
      for await (const line of this.screen.lines(() => this.interrupt(EXIT.interrupted))) {
        const data = payload(line, form);
        if (data === undefined) this.refuse(line);
        else await this.pass(data);
      }
    }
    await this.linger();
  }

  async pass(data) {
    this.isHolding = true;
    await this.ready();
    this.isHolding = false;
    this.send(data);
  }

  refuse(line) {
    this.hasBadLine = true;
    this.tell('noHex', { line: line.toString() });
  }

  /** Stays for the answers, once all that came in has been sent. */
  async linger() {
    const { isTyped } = this.screen;
    const { wait = isTyped ? 0 : WAIT } = this.settings;
    // Who types sees that there is no connection, and wants to leave.
    if (!isTyped) await this.ready();
    this.endsWithConnection = wait !== Infinity;
    await Promise.race([this.confirming, sleep(CONFIRMED_IN)]);
    if (wait === Infinity) return;
    await sleep(wait);
    if (this.code === undefined) this.finish(this.outcome());
  }

  /** The exit code of an end that nothing else has to be said of. */
  outcome() {
    if (this.hasBadLine) return EXIT.usage;
    return this.hasLost ? EXIT.lost : EXIT.done;
  }

  /** Ends; the second time at once, whatever is still on its way to and fro. */
  interrupt(code) {
    if (this.code === undefined) {
      this.finish(code);
      return;
    }
    this.settle();
    setImmediate(() => process.exit(this.code));
  }

  /** Closes. */
  finish(code) {
    if (this.code !== undefined) return;
    this.code = code;
    if (this.isHolding) this.tell('unsent', {});
    this.client.close();
    this.settleIfClosed();
  }

  settleIfClosed() {
    // The `close` that follows is told first.
    if (this.code !== undefined && this.client.state === 'CLOSED') setImmediate(this.settle);
  }

  /** Ends since nothing can be printed: in silence where nobody reads it. */
  abandon({ code, message }) {
    if (this.code !== undefined) return;
    const isUnread = UNREAD.includes(code);
    this.finish(isUnread ? EXIT.done : EXIT.failed);
    if (!isUnread) this.tell('error', { code, message });
  }

  /** What the status line says. */
  status() {
    const { state, retryCount, maxRetries } = this.client;
    if (this.code !== undefined) return 'closing';
    if (state === 'CLOSED') {
      const left = Math.max(Math.ceil((this.retryAt - Date.now()) / 1000), 0);
      return `${retryOf(retryCount, maxRetries)} in ${left} s`;
    }
    const { rtt } = this.client.getStats();
    return state === 'OPEN' && rtt ? `open ${rtt.last.toFixed(1)} ms` : state.toLowerCase();
  }

  summary() {
    return { ...this.counts, duration: Date.now() - this.startedAt, rtt: this.client.getStats().rtt };
  }
}

module.exports = { Session };
