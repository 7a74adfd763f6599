'use strict';

const { each } = require('../loop.js');

/**
 * Who listens to each signal. A signal has one listener of ours, however many clients share it: Node warns of many, as if they
 * were forgotten.
 * @type {WeakMap<object, { lifetimes: Set<Lifetime>, onAbort: () => void }>}
 */
const listening = new WeakMap();

function join(signal, lifetime) {
  const known = listening.get(signal);
  if (known) {
    known.lifetimes.add(lifetime);
    return;
  }
  const lifetimes = new Set([lifetime]);
  const onAbort = () => each([...lifetimes], (one) => lifetimes.has(one) && one.onAbort());
  // It is the user's, and may throw: nothing is kept then of what was not begun.
  signal.addEventListener('abort', onAbort);
  listening.set(signal, { lifetimes, onAbort });
}

function leave(signal, lifetime) {
  const { lifetimes, onAbort } = listening.get(signal);
  lifetimes.delete(lifetime);
  if (lifetimes.size > 0) return;
  listening.delete(signal);
  // One that cannot be left tells nobody any more.
  if (signal.removeEventListener) signal.removeEventListener('abort', onAbort);
}

/** How long a client is kept: by the engine that may tell it something, by the event loop, by a signal, in which context. */
class Lifetime {
  /** Of `life` it knows the engine with its half of the client, and what the engine tells it by. */
  constructor(life) {
    this.life = life;
    /** The async context that the user's handlers and functions run in, from before anything is told, … */
    this.context = undefined;
  }

  /** Whether it keeps the process alive, from the next `track` on. */
  hold(holds) {
    if (this.holds !== holds) this.holds = holds;
  }

  /** Calls a function, and by it the user's handlers and functions, in their async context. */
  run(call, receiver, ...args) {
    const { context } = this;
    return context === undefined
      ? call.apply(receiver, args)
      : context.runInAsyncScope(call, receiver, ...args);
  }

  /** Keeps the context of the call under way for what may be told from now on, unless one is kept. */
  keepContext() {
    if (this.context === undefined) this.context = this.life.engine.currentContext();
  }

  /** Keeps that of the call under way for the life that it starts. What is still to be told of an earlier life has that of its own. */
  renewContext() {
    const context = this.life.engine.currentContext();
    if (this.context === undefined) this.context = context;
    else this.nextContext = context;
  }

  /** The life is told that the call has started. */
  enterContext() {
    if (this.nextContext === undefined) return;
    this.context = this.nextContext;
    this.nextContext = undefined;
  }

  /** Takes what the client has become. `abort` is called with the signal that aborts, for as long as that can end something. */
  track(view, { signal, maxEventLoopBlock }, abort) {
    const { isReachable, alive } = view;
    const { engine, inbox, native } = this.life;
    if (isReachable) this.keepContext();
    engine.track(native.number, inbox, isReachable, alive && this.holds);
    // The signal may outlive the client.
    this.listenTo(alive ? signal : undefined, abort);
    engine.watchEventLoop(native.number, alive ? maxEventLoopBlock : 0);
  }

  /** Has `abort` called when a signal aborts, in place of the one that was listened to before. */
  listenTo(signal, abort) {
    const before = this.listenedSignal;
    if (signal === before) return;
    this.listenedSignal = undefined;
    if (before) leave(before, this);
    this.onAbort = signal && (() => abort(signal));
    if (signal) join(signal, this);
    this.listenedSignal = signal;
  }
}

// What few clients have, or have otherwise.

/** It keeps the process alive. */
Lifetime.prototype.holds = true;
/** … and that of a later call that starts a life, until that is told. */
Lifetime.prototype.nextContext = undefined;
/** The signal that is listened to, and what is called when it aborts. */
Lifetime.prototype.listenedSignal = undefined;
Lifetime.prototype.onAbort = undefined;

module.exports = { Lifetime };
