'use strict';

// The options as they cross to the engine.

const { SIGNS } = require('../liveness.js');
const { HELD } = require('./held.js');

/** Those that the engine takes as they are held. */
const AS_HELD = HELD.filter(
  ({ takes, type }) => takes === 'policy' && ['number', 'boolean', 'choice'].includes(type),
);

/** The window in which a circuit breaker looks at the share of failures; undefined where it counts those in a row. */
function windowOf({ window, failureRate, minimumRequests }) {
  return window > 0 ? { duration: window, failureRate, minimumRequests } : undefined;
}

/**
 * What the policy goes by, of what is inside of a client.
 * @param {Record<string, any>} inner
 * @returns {import('../../native/index.js').PolicySettings}
 */
function policySettings({ options, circuitBreaker, route, asksRoute }) {
  const { failureThreshold, resetTimeout, halfOpenMaxRequests } = circuitBreaker;
  const { connectionTimeout = route.handshakeTimeout } = options;
  /** @type {any} */
  const settings = {
    judgesReplies: options.heartbeatReply !== undefined,
    circuitBreaker: { failureThreshold, resetTimeout, halfOpenMaxRequests, window: windowOf(circuitBreaker) },
    closeTimeout: route.closeTimeout,
    asksRoute,
    asksRetry: Boolean(options.shouldReconnect || options.reconnectDelay),
    places: route.urls === undefined ? 1 : route.urls.length,
  };
  for (const { name } of AS_HELD) settings[name] = options[name];
  settings.connectionTimeout = connectionTimeout || Infinity;
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

module.exports = { deliveryOptions, policySettings };
