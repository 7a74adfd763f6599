'use strict';

/** Times of starts, in their order, of which at most so many may lie in any `per` ms. */
class SlidingWindow {
  constructor(per) {
    this.per = per;
    this.times = [];
  }

  add(at) {
    this.times.push(at);
  }

  /** How many lie in the `per` ms before `now`. Those before it are forgotten. */
  count(now) {
    const { times, per } = this;
    const kept = times.findIndex((at) => at > now - per);
    times.splice(0, kept < 0 ? times.length : kept);
    return times.length;
  }

  /** The earliest time from `now` on at which one more leaves at most `max` in any `per` ms. */
  freeAt(now, max) {
    this.count(now);
    const { times, per } = this;
    return times.length < max ? now : Math.max(now, times[times.length - max] + per);
  }
}

module.exports = { SlidingWindow };
