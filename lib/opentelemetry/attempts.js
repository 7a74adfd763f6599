'use strict';

const { performance } = require('perf_hooks');
const { SpanKind, SpanStatusCode, context } = require('@opentelemetry/api');
const { failureOf, serverOf } = require('./attributes.js');

/** What the tracing channel of attempts tells: a span and a duration for each attempt. */
class Attempts {
  /** `ended(seconds, attributes)` is told of each. */
  constructor(tracer, ended) {
    this.tracer = tracer;
    this.ended = ended;
    /** Those under way, by the message of their trace. */
    this.underWay = new Map();
  }

  /** In the async context of `connect()`, where the span of its caller is the parent. */
  start(trace) {
    const { client, attempt } = trace;
    const attributes = serverOf(client.url);
    const options = { kind: SpanKind.CLIENT, attributes: { ...attributes } };
    if (attempt > 0) options.attributes['http.request.resend_count'] = attempt;
    const span = this.tracer.startSpan('websocket connect', options, context.active());
    this.underWay.set(trace, { span, attributes, began: performance.now() });
  }

  end(trace) {
    const known = this.underWay.get(trace);
    // It began before anybody listened.
    if (known === undefined) return;
    this.underWay.delete(trace);
    const { span, began } = known;
    const { error, result } = trace;
    const attributes = result === undefined ? known.attributes : serverOf(result.url);
    const outcome =
      result === undefined ? failureOf(error) : { 'http.response.status_code': result.statusCode };
    span.setAttributes({ ...attributes, ...outcome });
    if (result === undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(Object(error).message) });
    }
    span.end();
    this.ended((performance.now() - began) / 1000, { ...attributes, ...outcome });
  }

  /** Nobody is told of their ends any more. */
  stop() {
    for (const { span } of this.underWay.values()) span.end();
    this.underWay.clear();
  }
}

module.exports = { Attempts };
