'use strict';

// The options as they cross to the engine.

const { HELD } = require('./held.js');
const { numberOf, sharingMade } = require('./shared.js');
const { rowsOf } = require('./table.js');

/** A client's sign of life comes so many times within the time that the event loop may be blocked for. */
const SIGNS = 4;

/** Those that the engine takes as they are held. */
const AS_HELD = HELD.filter(
  ({ takes, type }) => takes === 'policy' && ['number', 'boolean', 'choice'].includes(type),
);

const OF_CIRCUIT = rowsOf('circuitBreaker');

/** What stands for the values of these rows: of what is shared, its number. */
function contentOf(values, rows) {
  const number = numberOf(values);
  return number === undefined ? rows.map(({ name }) => values[name]).join() : `#${number}`;
}

const share = sharingMade();

/** The window in which a circuit breaker looks at the share of failures; undefined where it counts those in a row. */
function windowOf({ window, failureRate, minimumRequests }) {
  return window > 0 ? { duration: window, failureRate, minimumRequests } : undefined;
}

/**
 * What the policy goes by: one object for all clients that are told apart by nothing in it.
 * @returns {import('../../native/index.js').PolicySettings}
 */
function policySettings(options, circuitBreaker, { asks, connectionTimeout, currentUrls, terms }) {
  const asksRoute = asks || Boolean(options.connectGate);
  const timeout = (connectionTimeout === undefined ? terms.handshakeTimeout : connectionTimeout) || Infinity;
  const { closeTimeout } = terms;
  const places = currentUrls === undefined ? 1 : currentUrls.length;
  const judgesReplies = options.heartbeatReply !== undefined;
  const asksRetry = Boolean(options.shouldReconnect || options.reconnectDelay);
  const asksInit = options.init !== undefined;
  const held = contentOf(options, AS_HELD);
  const circuit = contentOf(circuitBreaker, OF_CIRCUIT);
  const content = [
    held,
    circuit,
    timeout,
    closeTimeout,
    judgesReplies,
    asksRoute,
    asksRetry,
    asksInit,
    places,
  ].join();
  return share(content, () => {
    const { failureThreshold, resetTimeout, halfOpenMaxRequests } = circuitBreaker;
    /** @type {any} */
    const settings = {
      judgesReplies,
      circuitBreaker: {
        failureThreshold,
        resetTimeout,
        halfOpenMaxRequests,
        window: windowOf(circuitBreaker),
      },
      closeTimeout,
      asksRoute,
      asksRetry,
      asksInit,
      places,
    };
    for (const { name } of AS_HELD) settings[name] = options[name];
    settings.connectionTimeout = timeout;
    // The loop may have run until just before the sign that did not come.
    settings.maxEventLoopBlock *= 1 + 1 / SIGNS;
    return settings;
  });
}

/**
 * How messages are kept, where they are.
 * @returns {import('../../native/index.js').DeliveryOptions | undefined}
 */
function deliveryOptions({ guarantee, queues, limits }) {
  return limits && { ...limits, queues: queues === true, guarantee };
}

module.exports = { SIGNS, deliveryOptions, policySettings };
