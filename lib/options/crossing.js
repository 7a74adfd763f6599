'use strict';

// The options as they cross to the engine.

const { SIGNS } = require('../liveness.js');
const { ROWS } = require('./table.js');

/** The named kinds of jitter as the engine takes them (see src/binding/reconnect.rs). */
const JITTERS = { none: 0, full: -1, equal: -2, decorrelated: -3 };
/** In the order of src/binding/delivery.rs. */
const OVERFLOWS = ROWS['queue.overflow'].choices;
const NO_LIMITS = { maxMessages: Infinity, maxBytes: Infinity, overflow: 'throw', ttl: 0 };

const jitterNumber = (value) => (typeof value === 'string' ? JITTERS[value] : value);

/** The numbers of the policy, in the order that src/binding/options.rs reads. */
function policySettings({ options, circuitBreaker, route, asksRoute }) {
  const { connectionTimeout } = options;
  const timeout = connectionTimeout === undefined ? route.handshakeTimeout : connectionTimeout;
  return [
    options.maxRetries,
    options.baseDelay,
    options.maxDelay,
    options.multiplier,
    jitterNumber(options.jitter),
    options.heartbeatInterval,
    options.heartbeatTimeout,
    circuitBreaker.failureThreshold,
    circuitBreaker.resetTimeout,
    circuitBreaker.halfOpenMaxRequests,
    route.closeTimeout,
    circuitBreaker.window,
    circuitBreaker.failureRate,
    circuitBreaker.minimumRequests,
    // From here on in the order that src/binding/reconnect.rs reads.
    options.minUptime,
    options.maxRetryAfter,
    timeout || Infinity,
    Number(options.reconnectOn === 'transient'),
    Number(asksRoute),
    Number(Boolean(options.shouldReconnect || options.reconnectDelay)),
    route.urls.length,
    Number(options.failover === 'random'),
    options.preferFirst,
  ];
}

/** What is watched, as src/binding/options.rs reads it. */
function livenessSettings({ heartbeatMode, heartbeatReply, idleTimeout, maxEventLoopBlock, detectSleep }) {
  return {
    pings: heartbeatMode === 'ping',
    judged: heartbeatReply !== undefined,
    idleTimeout,
    // The loop may have run until just before the sign that did not come.
    maxEventLoopBlock: maxEventLoopBlock * (1 + 1 / SIGNS),
    detectSleep,
  };
}

/** How messages are kept, as src/binding/delivery.rs reads it. */
function deliverySettings({ guarantee, queues, limits = NO_LIMITS }, { highWaterMark, maxBufferedAmount }) {
  return {
    ...limits,
    overflow: OVERFLOWS.indexOf(limits.overflow),
    queues: queues === true,
    atLeastOnce: guarantee === 'at-least-once',
    highWaterMark,
    maxBufferedAmount,
  };
}

module.exports = { deliverySettings, livenessSettings, policySettings };
