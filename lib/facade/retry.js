'use strict';

const { check, checkPresent } = require('../options/check.js');
const { asError, ask } = require('./ask.js');

/** A delay that a user's function said, in ms; undefined leaves it to the engine. */
const DELAY = {
  path: 'reconnectDelay()',
  type: 'number',
  unit: 'ms',
  min: 0,
  infinite: true,
  choices: [null],
};
const VERDICT = { path: 'shouldReconnect()', type: 'boolean' };

/** Whether and when to connect again, where the user's functions say so. */
class Retry {
  constructor(native) {
    this.native = native;
    /** The attempt behind which the functions decide. */
    this.deciding = undefined;
  }

  /**
   * The engine asks behind the attempt `id`. `context` makes what the functions are told, `fail` takes what one of them throws.
   */
  ask(id, { shouldReconnect, reconnectDelay }, context, fail) {
    this.deciding = id;
    const waiting = () => this.native.sayAwaited(id);
    const failed = (name) => (thrown) => {
      if (this.deciding !== id) return;
      fail(asError(thrown, name));
      this.decide(id, true);
    };
    const call = (name, run, read, use) => {
      const checked = ([value]) => {
        let fine;
        try {
          fine = read(value);
        } catch (error) {
          failed(name)(error);
          return;
        }
        use(fine);
      };
      ask([() => run(context())], checked, failed(name), waiting);
    };
    const delay = () => {
      if (!reconnectDelay) this.decide(id, true);
      else
        call(
          'reconnectDelay',
          reconnectDelay,
          (ms) => check(DELAY, ms),
          (ms) => this.decide(id, true, ms),
        );
    };
    if (!shouldReconnect) delay();
    else
      call(
        'shouldReconnect',
        shouldReconnect,
        (isYes) => checkPresent(VERDICT, isYes),
        (isYes) => (isYes ? delay() : this.decide(id, false)),
      );
  }

  decide(id, goesOn, delay) {
    if (this.deciding !== id) return;
    this.deciding = undefined;
    this.native.sayRetry(id, goesOn, delay);
  }

  /** What the functions have been asked is void. */
  forget() {
    this.deciding = undefined;
  }
}

module.exports = { Retry };
