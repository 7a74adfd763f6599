'use strict';

const { ignore } = require('../errors.js');
const { abortError } = require('../facade/ask.js');

/** Node has it from 14.17 and 15.1 on. */
function loadDiagnostics() {
  try {
    return require('diagnostics_channel');
  } catch (_error) {
    return undefined;
  }
}

const diagnostics = loadDiagnostics();

/** The channels by the events that they tell of, and what a message has beside the client. */
const CHANNELS = { __proto__: null };

function addChannel(event, name, restOf) {
  if (diagnostics === undefined) return;
  CHANNELS[event] = { channel: diagnostics.channel(`websocket-reconnect:${name}`), restOf };
}

for (const event of ['open', 'close', 'retry', 'drop', 'giveup']) addChannel(event, event, (told) => told);
addChannel('connecting', 'connecting', (attempt) => ({ attempt }));
addChannel('error', 'error', (error) => ({ error }));
addChannel('circuitChange', 'circuit', (state) => ({ state }));

/**
 * Of attempts. Node has such channels from 18.19 and 19.9 on.
 * @type {any}
 */
const tracing =
  diagnostics !== undefined && typeof diagnostics.tracingChannel === 'function'
    ? diagnostics.tracingChannel('websocket-reconnect:connect')
    : undefined;

/** A tracing channel says by itself whether it has subscribers only in later versions. */
const isTraced = () =>
  tracing !== undefined &&
  ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].some((name) => tracing[name].hasSubscribers);

/** What ends the trace of the attempt that is under way, and its error so far, by client. */
const attempts = new WeakMap();

function beginTrace(client, attempt) {
  if (!isTraced()) return;
  let end;
  const run = (done) => {
    end = done;
  };
  tracing.traceCallback(run, 0, { client, attempt }, undefined, ignore);
  attempts.set(client, { end, error: undefined });
}

/** Without an `info` it has failed, or was given up. */
function endTrace(client, info) {
  const { end, error } = attempts.get(client);
  attempts.delete(client);
  if (info !== undefined) end(null, info);
  else end(error || abortError('The attempt was given up'));
}

function traceEvent(client, event, argument) {
  if (event === 'error') attempts.get(client).error = argument;
  else if (event === 'open') endTrace(client, argument);
  else if (event === 'stateChange' && argument !== 'OPEN') endTrace(client);
}

function publish(client, event, argument) {
  if (!(event in CHANNELS)) return;
  const { channel, restOf } = CHANNELS[event];
  if (channel.hasSubscribers) channel.publish({ client, ...restOf(argument) });
}

/**
 * Publishes what a client is about to be told.
 * @param {import('../facade/life.js').Life} life
 */
function publishEvent({ emitter, view }, event, argument) {
  if (attempts.has(emitter)) traceEvent(emitter, event, argument);
  if (event === 'stateChange' && argument === 'CONNECTING') {
    beginTrace(emitter, view.retryCount);
    publish(emitter, 'connecting', view.retryCount);
    return;
  }
  publish(emitter, event, argument);
}

module.exports = { publishEvent };
