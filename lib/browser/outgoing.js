'use strict';

/** How often, in ms, it is looked whether the platform has sent what was handed to it: it tells nobody. */
const LOOK = 50;

/** What one client sends: to its socket, or kept for the next one. */
class Outgoing {
  constructor(client, now, sizeOf, status, delivery, marks) {
    this.client = client;
    this.now = now;
    this.sizeOf = sizeOf;
    this.status = status;
    /** How messages are kept; undefined keeps what is sent while connecting. */
    this.delivery = delivery;
    this.marks = marks;
    /** The open socket. */
    this.socket = undefined;
    /** Messages that wait for a connection, oldest first, and their bytes. */
    this.kept = [];
    this.keptBytes = 0;
    /** What of the user's was written for connections so far. */
    this.written = { messages: 0, bytes: 0 };
    this.outcomes = [];
    this.receipts = 0;
    /** Bytes handed to the socket so far, and the receipts that wait for the system to have them. */
    this.handed = 0;
    this.handovers = [];
    this.isAbove = false;
    this.looking = undefined;
  }

  get buffered() {
    const { socket } = this;
    return this.keptBytes + (socket === undefined ? 0 : socket.bufferedAmount);
  }

  queued() {
    return { messages: this.kept.length, bytes: this.keptBytes };
  }

  /** Sends a message or, unless it is `volatile`, keeps it. `tells`: an outcome is to tell when the system has it. */
  send(data, seenOpen, tells, volatile = false) {
    const { status } = this;
    const size = this.sizeOf(data);
    if (this.buffered + size > this.marks.maxBufferedAmount) return { status: status.BufferFull, receipt: 0 };
    const receipt = tells ? ++this.receipts : 0;
    const { socket } = this;
    if (socket !== undefined) this.write({ data, size, receipt });
    else if (!volatile && (!seenOpen || (this.delivery !== undefined && this.delivery.queues))) {
      if (!this.keep({ data, size, receipt, until: this.until() }))
        return { status: status.QueueFull, receipt: 0 };
    } else this.settle(receipt, 'lost', 'unsent');
    const isAbove = this.buffered > this.marks.highWaterMark;
    if (isAbove) {
      this.isAbove = true;
      this.look();
    }
    return { status: (isAbove ? status.Above : 0) | (this.outcomes.length > 0 ? status.Told : 0), receipt };
  }

  until() {
    const { ttl = 0 } = this.delivery || {};
    return ttl > 0 ? this.now() + ttl : Infinity;
  }

  write({ data, size, receipt }) {
    this.handed += size;
    this.hand(this.socket, data, size);
    if (receipt > 0) {
      this.handovers.push({ receipt, at: this.handed });
      this.look();
    }
  }

  /** Gives a message to a socket. */
  hand(socket, data, size = this.sizeOf(data)) {
    this.written.messages += 1;
    this.written.bytes += size;
    // The user may write into the memory of a message at once: `ws` has not read it by then.
    socket.send(typeof data === 'string' || !socket.terminate ? data : data.slice());
  }

  /** Whether there was room, or was made. */
  keep(message) {
    const { maxMessages = Infinity, maxBytes = Infinity, overflow } = this.delivery || {};
    const isFull = () => this.kept.length + 1 > maxMessages || this.keptBytes + message.size > maxBytes;
    if (isFull()) {
      if (overflow === 'throw') return false;
      if (overflow === 'drop-newest' || message.size > maxBytes) {
        this.dropped(message, 'overflow');
        return true;
      }
      while (isFull()) this.dropped(this.take(), 'overflow');
    }
    this.kept.push({
      ...message,
      data: typeof message.data === 'string' ? message.data : message.data.slice(),
    });
    this.keptBytes += message.size;
    this.client.arm();
    return true;
  }

  take() {
    const message = this.kept.shift();
    this.keptBytes -= message.size;
    return message;
  }

  /** What became of a message whose sender is to be told. */
  settle(receipt, reason, kind = 'receipt') {
    if (receipt > 0) this.outcomes.push({ kind, receipt, reason });
  }

  dropped({ data, receipt }, reason) {
    this.outcomes.push({ kind: 'dropped', reason, data });
    this.settle(receipt, reason, 'unsent');
  }

  /** When the first message has waited for too long. */
  get deadline() {
    return this.kept.length > 0 ? this.kept[0].until : Infinity;
  }

  expire(now) {
    while (this.deadline <= now) this.dropped(this.take(), 'expired');
  }

  /** A connection is open: what was kept goes out. */
  flush(now) {
    this.handed = 0;
    this.expire(now);
    while (this.kept.length > 0) this.write(this.take());
  }

  /** The connection is over: the closing handshake says that the peer has all, or else what is on its way is lost. */
  over(reason) {
    this.socket = undefined;
    for (const { receipt } of this.handovers.splice(0)) this.settle(receipt, reason);
  }

  /** The client is at its end. */
  end() {
    while (this.kept.length > 0) this.dropped(this.take(), 'closed');
  }

  /** What became of messages is told in its order. */
  post() {
    for (const outcome of this.outcomes.splice(0)) this.client.push({ outcome });
  }

  /** Looks again and again, as long as somebody waits for what the platform has sent. */
  look() {
    if (this.looking !== undefined) return;
    const { timers } = this.client;
    this.looking = timers.set(() => {
      this.looking = undefined;
      this.check();
      if (this.isAbove || this.handovers.length > 0) this.look();
      this.client.drain();
    }, LOOK);
    if (!this.client.holds && this.looking.unref) this.looking.unref();
  }

  check() {
    const { socket, handovers } = this;
    if (socket !== undefined) {
      const sent = this.handed - socket.bufferedAmount;
      while (handovers.length > 0 && handovers[0].at <= sent) this.settle(handovers.shift().receipt);
    }
    if (!this.isAbove || this.buffered > this.marks.highWaterMark) return;
    this.isAbove = false;
    this.outcomes.push({ kind: 'drained' });
  }
}

module.exports = { Outgoing };
