'use strict';

/**
 * How many attempts may begin in a while, and be under way at once, among the clients of a page that go by one budget. Who came first
 * goes first.
 */
class ConnectBudget {
  constructor(now) {
    this.now = now;
    /** When attempts have begun, for as long as that may count. */
    this.starts = [];
    this.keeps = 0;
    this.underWay = 0;
    /** The turns that wait. */
    this.queue = [];
    this.stopTimer = () => {};
  }

  /** Has an attempt begin by `go`, now or later. Returns its turn, which ends by `end`. */
  enter(rate, timers, go) {
    const turn = {
      rate,
      timers,
      go,
      waits: true,
      end: () => this.leave(turn),
      beginsAt: () => this.beginOf(turn, this.now()),
    };
    if (rate.max < Infinity) this.keeps = Math.max(this.keeps, rate.per);
    this.queue.push(turn);
    this.next();
    return turn;
  }

  leave(turn) {
    if (turn.waits) this.queue.splice(this.queue.indexOf(turn), 1);
    else this.underWay -= 1;
    this.next();
  }

  /** When a turn that waits begins, at a time or later; Infinity where others have to end first. */
  beginOf(turn, at) {
    const starts = this.starts.slice();
    let { underWay } = this;
    for (const one of this.queue) {
      const { max, per, concurrency } = one.rate;
      if (underWay >= concurrency) return Infinity;
      if (starts.length >= max) at = Math.max(at, starts[starts.length - max] + per);
      if (one === turn) break;
      starts.push(at);
      underWay += 1;
    }
    return at;
  }

  /** Has those begin that may. */
  next() {
    this.stopTimer();
    const at = this.now();
    this.starts = this.starts.filter((start) => start > at - this.keeps);
    while (this.queue.length > 0) {
      const [turn] = this.queue;
      const wait = this.beginOf(turn, at) - at;
      if (wait > 0) {
        if (wait < Infinity) this.wake(turn, wait);
        return;
      }
      this.queue.shift();
      turn.waits = false;
      this.underWay += 1;
      if (this.keeps > 0) this.starts.push(at);
      turn.go();
    }
  }

  /** Looks again after so many ms. A timer takes no longer time; one that comes too early is set again. */
  wake({ timers }, wait) {
    const timer = timers.set(() => this.next(), Math.min(Math.ceil(wait), 2 ** 31 - 1));
    this.stopTimer = () => timers.clear(timer);
  }
}

module.exports = { ConnectBudget };
