'use strict';

const diagnostics = require('diagnostics_channel');
const { metrics, trace } = require('@opentelemetry/api');
const { version } = require('../../package.json');
const { Metrics } = require('./metrics.js');
const { Attempts } = require('./attempts.js');

const NAME = 'websocket-reconnect-native';

/** The events of clients that metrics are made of. */
const EVENTS = ['connecting', 'open', 'close', 'drop'];

const ignored = () => {};

/**
 * See opentelemetry.d.ts.
 * @param {import('../../opentelemetry.js').InstrumentOptions} [options]
 */
function instrument(options = {}) {
  const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } = options;
  const measured = new Metrics(meterProvider.getMeter(NAME, version));
  const attempts = new Attempts(tracerProvider.getTracer(NAME, version), (seconds, attributes) =>
    measured.connectDuration.record(seconds, attributes),
  );
  const subscriptions = EVENTS.map((event) => {
    const channel = diagnostics.channel(`websocket-reconnect:${event}`);
    const hear = (/** @type {any} */ message) => measured[event](message.client, message);
    channel.subscribe(hear);
    return () => channel.unsubscribe(hear);
  });
  // Node has such channels from 18.19 and 19.9 on.
  if (typeof diagnostics.tracingChannel === 'function') {
    const tracing = diagnostics.tracingChannel('websocket-reconnect:connect');
    const hear = {
      start: (message) => attempts.start(message),
      end: ignored,
      asyncStart: ignored,
      asyncEnd: (message) => attempts.end(message),
      error: ignored,
    };
    tracing.subscribe(hear);
    subscriptions.push(() => tracing.unsubscribe(hear));
  }
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
    measured.stop();
    attempts.stop();
  };
}

module.exports = { instrument };
