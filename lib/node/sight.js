'use strict';

const { inspect } = require('util');
const { redact } = require('../errors.js');
const { LIFE } = require('../facade/client.js');
const { report } = require('../loop.js');
const { publishEvent } = require('./channels.js');
const { isOn, logEvent } = require('./debug-log.js');
const { inspectEvent, isInspected } = require('./devtools.js');

/**
 * Shows an event to who looks on from outside, before the client's handlers are told. What is thrown is reported, and stops nothing.
 * @param {import('../facade/life.js').Life} life
 */
function observe(life, event, argument) {
  try {
    if (isOn) logEvent(life, event, argument);
    if (isInspected) inspectEvent(life, event, argument);
    publishEvent(life, event, argument);
  } catch (error) {
    report(`what looks on at '${event}'`, error);
  }
}

/** What `util.inspect` shows of a client: what it is up to, and the fields of a subclass. */
function show(depth, options) {
  const life = this[LIFE];
  // What inherits from a client and is none.
  if (life === undefined) return this;
  const { name } = this.constructor;
  if (depth < 0) return `[${name}]`;
  const { native, route, view } = life;
  const { state, circuitState: circuit, retryCount: retries } = view;
  const shown = { url: redact(route.shownUrl()), state, circuit, retries };
  const times = native.roundTrips();
  if (times !== null) Object.assign(shown, { roundTrip: times.last });
  // An EventEmitter's own begin so.
  for (const key of Object.keys(this)) if (!key.startsWith('_')) shown[key] = this[key];
  return `${name} ${inspect(shown, options)}`;
}

/**
 * An engine whose clients' events are seen from outside.
 * @param {typeof import('./engine.js')} engine
 */
const observed = (engine) => ({ ...engine, observe });

/** Has `util.inspect` show what clients are up to. */
function addInspection(Class) {
  Object.defineProperty(Class.prototype, inspect.custom, { value: show, configurable: true, writable: true });
}

module.exports = { addInspection, observed };
