'use strict';

const { coded, ignore, notConnected, rejected } = require('../errors.js');
const { timeoutOf } = require('../options/delivery.js');
const { Unread } = require('./unread.js');
const { notHandedOver } = require('./waiters.js');

/** What a client sends: to the engine, or behind the Blobs that have to be read first. */
class Outgoing {
  constructor(engine, life) {
    this.engine = engine;
    this.native = life.native;
    this.view = life.view;
    this.life = life;
  }

  send(data, given, callback) {
    const { engine, view } = this;
    const isText = typeof data === 'string';
    const content = isText || engine.isBytes(data) ? data : engine.bytesOf(data);
    const isPlain = given === undefined && callback === undefined;
    if (!isPlain || content === undefined || this.unread !== undefined) {
      return this.sendWith(data, content, given, callback);
    }
    const open = view.state === 'OPEN';
    if (!open && !this.takesUnsent) throw this.notConnected();
    const status = engine.send(this.native.number, content, !isText, open);
    return status === undefined || this.sent(status);
  }

  sendConfirmed(data, given) {
    try {
      const content = this.engine.contentOf(data);
      const timeout = timeoutOf(given);
      const open = this.view.state === 'OPEN';
      if (!open && !this.takesUnsent) throw this.notConnected();
      const confirm = (message) => this.confirm(message, open, timeout);
      if (content !== undefined && this.unread === undefined) return confirm(content);
      return this.promiseInTurn(data, content, confirm);
    } catch (error) {
      return rejected(error);
    }
  }

  flush(given) {
    try {
      const timeout = timeoutOf(given);
      if (!this.view.alive) throw this.notConnected();
      const flush = () => this.receipt(this.native.flush(timeout));
      return this.unread === undefined ? flush() : this.promiseInTurn(undefined, '', flush);
    } catch (error) {
      return rejected(error);
    }
  }

  get bufferedAmount() {
    return this.native.bufferedAmount() + (this.unread === undefined ? 0 : this.unread.bytes);
  }

  /** Whether a message is taken without an open connection. */
  get takesUnsent() {
    const { state, alive } = this.view;
    const { queues } = this.life.delivery;
    if (queues === undefined) return state === 'CONNECTING';
    return queues && alive && state !== 'CLOSING';
  }

  notConnected() {
    return notConnected(this.life.cutoffs.wasStarted);
  }

  /** The engine has found that what it buffers has fallen to the high-water mark; what waits for a Blob may be more. */
  drained() {
    const { unread } = this;
    if (unread !== undefined && this.bufferedAmount > this.life.options.highWaterMark) unread.isAbove = true;
    else this.life.tell('drain');
  }

  /**
   * Sends with options or a callback, and what is or waits for a Blob. With a callback nothing is thrown that a later
   * attempt might be spared, as in `ws`: the callback is told.
   */
  sendWith(data, content, given, callback) {
    const { engine } = this;
    const isShort = typeof given === 'function';
    const { binary, wish } = engine.sendOptions(isShort ? undefined : given);
    const teller = engine.tellerOf(isShort ? given : callback);
    const refuse = (error) => {
      if (teller === undefined) throw error;
      teller(error);
      return false;
    };
    const open = this.view.state === 'OPEN';
    const message = content === undefined ? undefined : engine.inForm(content, binary);
    if (!open && wish.volatile) {
      if (teller !== undefined) teller(this.notConnected());
      return true;
    }
    if (!open && !this.takesUnsent) return refuse(this.notConnected());
    if (message !== undefined && this.unread === undefined) {
      return this.write(message, open, wish, teller, refuse);
    }
    const size = message === undefined ? data.size : engine.sizeOf(message);
    if (this.bufferedAmount + size > this.life.options.maxBufferedAmount) return refuse(this.bufferFull());
    const { lastClose } = this.view;
    const run = (read) => {
      if (wish.volatile && this.view.lastClose !== lastClose) {
        if (teller !== undefined) teller(notHandedOver('lost', true));
        return;
      }
      const written = engine.inForm(read, binary);
      this.write(written, open, wish, teller, teller || (() => this.tellDropped(written)));
    };
    const failed = teller || ((error) => this.tell('error', error));
    this.inTurn(data, message, run, failed);
    const isAbove = this.bufferedAmount > this.life.options.highWaterMark;
    if (isAbove) this.unread.isAbove = true;
    return !isAbove;
  }

  /**
   * Hands text or bytes to the engine, with care. `teller`, where there is one, is told when the system has them or that it
   * will not; `refuse` that they were not taken.
   */
  write(message, open, wish, teller, refuse) {
    const { native } = this;
    const tells = teller !== undefined;
    const { status, receipt } =
      typeof message === 'string'
        ? native.sendText(message, open, wish, tells)
        : native.sendBinary(message, open, wish, tells);
    const refusal = this.refusal(status);
    if (refusal) return refuse(refusal);
    if (tells) {
      this.life
        .awaited()
        .expectReceipt(receipt, (reason, isUnsent) =>
          reason === undefined ? teller() : teller(notHandedOver(reason, isUnsent)),
        );
    }
    return this.sent(status);
  }

  /** Emits an event in the async context of the client's handlers. */
  tell(event, ...args) {
    this.life.lifetime.run(this.life.tell, this.life, event, ...args);
  }

  /** Sends text or bytes, and asks for a receipt. */
  confirm(message, open, timeout) {
    const { native } = this;
    const { status, receipt } =
      typeof message === 'string'
        ? native.confirmText(message, open, timeout)
        : native.confirmBinary(message, open, timeout);
    const refusal = this.refusal(status);
    return refusal ? rejected(refusal) : this.receipt(receipt);
  }

  /** The promise of a receipt that a call has asked for. */
  receipt(name) {
    const promise = this.life.awaited().waitForReceipt(name);
    this.life.inbox.takeOutcomes();
    return promise;
  }

  /** Throws, tells or returns what a `send` led to. */
  sent(status) {
    const { SendStatus } = this.engine;
    const refusal = this.refusal(status);
    if (refusal) throw refusal;
    if (status & SendStatus.Told) this.life.inbox.takeOutcomes();
    return !(status & SendStatus.Above);
  }

  queueFull() {
    const { maxMessages, maxBytes } = this.life.delivery.limits;
    const limits = `queue.maxMessages is ${maxMessages}, queue.maxBytes ${maxBytes}`;
    return coded(Error, 'WSR_ERR_QUEUE_FULL', `The queue is full: ${limits}`);
  }

  bufferFull() {
    const message = `The buffer is full: maxBufferedAmount is ${this.life.options.maxBufferedAmount}`;
    return coded(Error, 'WSR_ERR_BUFFER_FULL', message);
  }

  /** The error of a `send` with this status, if any. */
  refusal(status) {
    const { SendStatus } = this.engine;
    if (status & SendStatus.QueueFull) return this.queueFull();
    if (status & SendStatus.BufferFull) return this.bufferFull();
    return undefined;
  }

  /** Tells of a message that there was no room for once its turn had come. */
  tellDropped(message) {
    const data = this.engine.receivedForm(this.life.inbox.binaryType, message);
    this.tell('drop', { data, reason: 'overflow' });
  }

  /** Calls `run` with text or bytes, those of a Blob where `message` is undefined, once all that was sent before is with the engine. */
  inTurn(data, message, run, failed) {
    if (this.unread === undefined) {
      // A close frame waits for it too.
      this.native.holdClose(true);
      this.unread = new Unread(() => this.allRead());
    }
    if (message === undefined) {
      this.unread.addBlob(data, run, failed);
      return;
    }
    const kept = this.engine.copyOf(message);
    this.unread.add(this.engine.sizeOf(message), () => run(kept), failed);
  }

  /** A promise of what `run` returns, once its turn has come. */
  promiseInTurn(data, message, run) {
    const promise = new Promise((resolve, reject) => {
      this.inTurn(data, message, (read) => resolve(run(read)), reject);
    });
    promise.catch(ignore);
    return promise;
  }

  allRead() {
    const { unread, native, life } = this;
    this.unread = undefined;
    native.holdClose(false);
    // Else the engine tells it.
    if (unread.isAbove && native.bufferedAmount() <= life.options.highWaterMark) {
      this.tell('drain');
    }
  }
}

/** What waits for a Blob to be read. */
Outgoing.prototype.unread = undefined;

module.exports = { Outgoing };
