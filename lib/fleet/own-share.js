'use strict';

const { SlidingWindow } = require('./sliding-window.js');

/** What a process may start by itself while Redis does not answer, so that all of them together keep the budget. */
class OwnShare {
  /** `window`: in so many ms lie at most `max` starts of all. */
  constructor({ max = Infinity, concurrency = Infinity }, window) {
    this.max = max;
    this.concurrency = concurrency;
    this.window = window;
    this.hear({ used: 0, members: 1 }, -Infinity);
  }

  /** What Redis said last: how much of the budget all have used, and how many they are. */
  hear({ used, members }, at) {
    this.used = used;
    this.members = Math.max(members, 1);
    this.heardAt = at;
    /** Starts of this process that Redis has not counted. */
    this.starts = new SlidingWindow(this.window);
  }

  start(now) {
    this.starts.add(now);
  }

  /** How many may start, where so many are under way: in the long run at least one at a time, whatever the share. */
  room(now, underWay) {
    const { max, concurrency, members, starts, used } = this;
    const share = (whole) => Math.max(Math.floor(whole / members), 1);
    // What all had used when Redis was last heard counts for a window's time, and nobody knows how it was spread.
    const isOfRest = now < this.heardAt + this.window;
    const most = isOfRest ? Math.floor((max - used) / members) : share(max);
    return Math.max(Math.min(most - starts.count(now), share(concurrency) - underWay), 0);
  }
}

module.exports = { OwnShare };
