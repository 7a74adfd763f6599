'use strict';

// The options as they cross to the engine.

const { HELD } = require('./held.js');

/** A client's sign of life comes so many times within the time that the event loop may be blocked for. */
const SIGNS = 4;

/** Those that the engine takes as they are held. */
const AS_HELD = HELD.filter(
  ({ takes, type }) => takes === 'policy' && ['number', 'boolean', 'choice'].includes(type),
);

/** The window in which a circuit breaker looks at the share of failures; undefined where it counts those in a row. */
function windowOf({ window, failureRate, minimumRequests }) {
  return window > 0 ? { duration: window, failureRate, minimumRequests } : undefined;
}

/**
 * What the policy goes by.
 * @returns {import('../../native/index.js').PolicySettings}
 */
function policySettings(options, circuitBreaker, { asks, connectionTimeout, current }) {
  const { failureThreshold, resetTimeout, halfOpenMaxRequests } = circuitBreaker;
  /** @type {any} */
  const settings = {
    judgesReplies: options.heartbeatReply !== undefined,
    circuitBreaker: { failureThreshold, resetTimeout, halfOpenMaxRequests, window: windowOf(circuitBreaker) },
    closeTimeout: current.closeTimeout,
    asksRoute: asks,
    asksRetry: Boolean(options.shouldReconnect || options.reconnectDelay),
    places: current.urls === undefined ? 1 : current.urls.length,
  };
  for (const { name } of AS_HELD) settings[name] = options[name];
  const timeout = connectionTimeout === undefined ? current.handshakeTimeout : connectionTimeout;
  settings.connectionTimeout = timeout || Infinity;
  // The loop may have run until just before the sign that did not come.
  settings.maxEventLoopBlock *= 1 + 1 / SIGNS;
  return settings;
}

/**
 * How messages are kept, where they are.
 * @returns {import('../../native/index.js').DeliveryOptions | undefined}
 */
function deliveryOptions({ guarantee, queues, limits }) {
  return limits && { ...limits, queues: queues === true, guarantee };
}

module.exports = { SIGNS, deliveryOptions, policySettings };
