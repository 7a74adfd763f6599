'use strict';

const { DUE_MS } = require('./deadlines.js');

const EVENTS = ['open', 'message', 'close', 'error', 'retry', 'stateChange', 'circuitChange'];

/** One event as a line: its name, then what tells it from others of that name. */
function lineOf(event, argument) {
  switch (event) {
    case 'open':
      return 'open';
    case 'message':
      return `message ${typeof argument.data === 'string' ? argument.data : `<${argument.data.byteLength} bytes>`}`;
    case 'close':
      return `close ${argument.code} '${argument.reason}'`;
    case 'error':
      return `error ${argument.code || argument.message}`;
    case 'retry':
      return `retry ${argument.attempt} in ${argument.delay} of ${argument.maxRetries}`;
    default:
      return `${event} ${argument}`;
  }
}

/** Writes down, in their order, the events of a client. */
class Recorder {
  constructor(client) {
    /** The events as lines, such as `close 1006 ''`. */
    this.lines = [];
    /** The events as `{event, argument, at, state, circuitState}`, `at` in ms since the epoch. */
    this.events = [];
    this._client = client;
    this._cursor = 0;
    this._waiting = new Set();
    for (const event of EVENTS) client.on(event, (argument) => this._write(event, argument));
  }

  /** Resolves to the event whose line starts with `start`, among those after the one last waited for. */
  until(start) {
    return this._wait(`'${start}'`, () => {
      while (this._cursor < this.lines.length) {
        this._cursor += 1;
        if (this.lines[this._cursor - 1].startsWith(start)) return this.events[this._cursor - 1];
      }
      return undefined;
    });
  }

  /** Resolves, once `count` lines have been written that start with `start`, to their events. */
  count(start, count) {
    const found = [];
    let looked = 0;
    return this._wait(`${count} × '${start}'`, () => {
      for (; looked < this.lines.length; looked++) {
        if (this.lines[looked].startsWith(start)) found.push(this.events[looked]);
      }
      return found.length >= count ? found : undefined;
    });
  }

  /** Resolves once the client shows one of these states, after an event. */
  untilState(...states) {
    return this._wait(states.join(' or '), () =>
      states.includes(this._client.state) ? this._client.state : undefined,
    );
  }

  /** The arguments of all events of that name. */
  of(event) {
    return this.events.filter((entry) => entry.event === event).map((entry) => entry.argument);
  }

  /** The lines written since the last call. */
  take() {
    this.events = [];
    this._cursor = 0;
    return this.lines.splice(0);
  }

  /** Calls a method of the client and writes that down before. */
  call(name, ...args) {
    this.lines.push(`call ${name}`);
    this.events.push({ call: name });
    return this._client[name](...args);
  }

  /** Writes one of the client's properties, or of an object that it has (`circuitBreaker.scope`), and writes that down before. */
  assign(name, value) {
    this.lines.push(`write ${name}`);
    this.events.push({ call: 'write', name, value });
    const path = name.split('.');
    const last = path.pop();
    path.reduce((object, part) => object[part], this._client)[last] = value;
  }

  /** Writes down what the client shows to code of the user that is called other than by an event. */
  look(where) {
    const { state, circuitState } = this._client;
    this.lines.push(`look ${where}`);
    this.events.push({ look: where, state, circuitState });
  }

  _write(event, argument) {
    const { state, circuitState } = this._client;
    this.lines.push(lineOf(event, argument));
    this.events.push({ event, argument, at: Date.now(), state, circuitState });
    for (const check of [...this._waiting]) check();
  }

  _wait(what, find) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this._waiting.delete(check);
        reject(
          new Error(
            `${what} did not come within ${DUE_MS} ms; what came last is\n${this.lines.slice(-60).join('\n')}`,
          ),
        );
      }, DUE_MS);
      const check = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        this._waiting.delete(check);
        resolve(found);
      };
      this._waiting.add(check);
      check();
    });
  }
}

/** Starts to write down the events of `client`. */
const record = (client) => new Recorder(client);

module.exports = { record, EVENTS };
