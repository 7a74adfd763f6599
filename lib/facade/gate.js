'use strict';

const { report } = require('../loop.js');
const { asError, ask, heed } = require('./ask.js');

/** The user's function that lets attempts go, one at a time, and what it wants to hear of them. */
class Gate {
  constructor() {
    /** What the function was told of the attempt under way. */
    this.context = undefined;
    /** What is called when that attempt has ended. */
    this.ended = undefined;
    /** It has not let it go. */
    this.isWaiting = false;
  }

  /** Calls one of `pass` and `fail`, unless the attempt has ended before. */
  ask(connectGate, context, pass, fail) {
    this.context = context;
    const isOver = () => this.context !== context;
    const letGo = ([ended]) => {
      if (isOver()) {
        end(ended, { isOpen: false });
        return;
      }
      this.isWaiting = false;
      this.ended = ended;
      pass();
    };
    const failed = (thrown) => {
      if (isOver()) return;
      this.isWaiting = false;
      fail(asError(thrown, 'connectGate'));
    };
    ask([() => connectGate(context)], letGo, failed, () => {
      this.isWaiting = true;
    });
  }

  /** The attempt is not under way any more: returns what says so to the user, with its outcome. */
  take() {
    const { ended } = this;
    this.context = undefined;
    this.ended = undefined;
    this.isWaiting = false;
    return (outcome) => end(ended, outcome);
  }
}

/** What a gate returned is called where it is a function: most return nothing. */
function end(ended, outcome) {
  if (typeof ended !== 'function') return;
  const failed = (error) => report('the function that connectGate returned', error);
  try {
    heed(ended(outcome), failed);
  } catch (error) {
    failed(error);
  }
}

module.exports = { Gate };
