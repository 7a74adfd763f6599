'use strict';

const { badType, coded, ignore, rejected } = require('../errors.js');
const { alarm } = require('../loop.js');
const { timeoutOf } = require('../options/delivery.js');
const { AnyController, abortError, asError, ask } = require('./ask.js');
const { Backlog } = require('./backlog.js');

const SENDABLE = 'text or bytes: a Blob has to be read first';

const isOver = () =>
  coded(Error, 'WSR_ERR_INIT_OVER', 'init is over: the session sends and receives nothing more');

/** The first messages of one connection, from when the engine asks for them until that is open, or over. */
class Init {
  /** @param {Extract<import('../../native/index.js').Notice, { kind: 'ask-init' }>} notice */
  constructor(life, notice) {
    this.life = life;
    this.id = notice.id;
    this.isReconnect = notice.isReconnect;
    /** Messages that nobody has received. */
    this.kept = new Backlog(life.native);
    /** Who waits for a message, in order. */
    this.receivers = [];
    this.controller = new AnyController();
    this.isOver = false;
    /** The connection will not be open: its messages are for nobody. */
    this.isLost = false;
  }

  /** Runs the user's function, where it has not been taken back since the engine was told of it. */
  run(init) {
    const { id, life } = this;
    const session = Object.freeze({
      isReconnect: this.isReconnect,
      signal: this.controller.signal,
      send: (data) => this.send(data),
      receive: (options) => this.receive(options),
    });
    const done = () => this.end(isOver) && life.native.sayInitialized(id);
    const failed = (thrown) => this.end(isOver) && life.route.fail(id, asError(thrown, 'init'));
    ask([() => init && init(session)], done, failed, ignore);
  }

  send(data) {
    if (this.isOver) throw isOver();
    const { engine, native } = this.life;
    const content = engine.contentOf(data);
    if (content === undefined) throw badType('data', data, SENDABLE, 'WSR_ERR_ARGUMENT');
    if (typeof content === 'string') native.sendFirstText(this.id, content);
    else native.sendFirstBinary(this.id, content);
  }

  receive(options) {
    let timeout;
    try {
      timeout = timeoutOf(options, 0);
    } catch (error) {
      return rejected(error);
    }
    if (this.isOver) return rejected(isOver());
    if (!this.kept.isEmpty) return Promise.resolve(this.kept.take().data);
    const promise = new Promise((resolve, reject) =>
      this.waitFor({ resolve, reject, callOff: ignore }, timeout),
    );
    promise.catch(ignore);
    return promise;
  }

  waitFor(receiver, timeout) {
    this.receivers.push(receiver);
    if (timeout === 0) return;
    const late = () => {
      this.receivers.splice(this.receivers.indexOf(receiver), 1);
      receiver.reject(coded(Error, 'WSR_ERR_RECEIVE_TIMEOUT', `No message within ${timeout} ms`));
    };
    receiver.callOff = alarm(late, timeout);
  }

  /** Takes a message of the connection. It is delivered to nobody else. */
  take(data) {
    if (this.isLost) return;
    const receiver = this.receivers.shift();
    if (receiver === undefined) {
      this.kept.addMessage(data);
      return;
    }
    receiver.callOff();
    receiver.resolve(data);
  }

  /** Ends the session, unless that has been done. Who still waits gets the error that is made for it. */
  end(makeError) {
    if (this.isOver) return false;
    this.isOver = true;
    for (const { reject, callOff } of this.receivers.splice(0)) {
      callOff();
      reject(makeError());
    }
    return true;
  }

  /** The connection will not be open. */
  lose() {
    this.isLost = true;
    while (!this.kept.isEmpty) this.kept.take();
    const reason = abortError('The attempt was given up');
    if (this.end(() => reason)) this.controller.abort(reason);
  }
}

module.exports = { Init };
