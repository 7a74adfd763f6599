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
    const turn = { rate, timers, go, waits: true, end: () => this.leave(turn) };
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

  /** Has those begin that may. */
  next() {
    this.stopTimer();
    const at = this.now();
    this.starts = this.starts.filter((start) => start > at - this.keeps);
    while (this.queue.length > 0) {
      const [turn] = this.queue;
      const { max, per, concurrency } = turn.rate;
      if (this.underWay >= concurrency) return;
      const begun = this.starts.filter((start) => start > at - per);
      if (begun.length >= max) {
        this.wake(turn, begun[begun.length - max] + per - at);
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
