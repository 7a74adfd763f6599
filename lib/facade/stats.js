'use strict';

/** What is not there is `null` to users. */
const orNull = (value) => (value === undefined ? null : value);

/** When the attempt begins that a client waits for, in whole ms since the epoch. */
function nextAttemptAt({ engine, native, view }, waitingFor) {
  const waits = view.waits || waitingFor === 'connectRate';
  const wait = waits ? native.nextAttemptIn() : null;
  return wait === null ? null : Math.round(engine.wallTime() + wait);
}

/**
 * What a client shows by `getStats()`.
 * @param {import('./life.js').Life} life
 */
function statsOf(life) {
  const { circuit, engine, native, options, view, delivery, waitingFor } = life;
  const { state, lastClose } = view;
  const isOpen = state === 'OPEN';
  const written = native.written();
  const stats = {
    state,
    circuitState: view.circuitState,
    retryCount: view.retryCount,
    maxRetries: options.maxRetries,
    circuitFailures: view.circuitFailures,
    failureThreshold: circuit.failureThreshold,
    lastActivity: view.lastActivity,
    uptime: isOpen ? Math.floor(engine.now() - view.openedAt) : 0,
    openedAt: isOpen ? view.openedOn : null,
    connects: view.connects,
    reconnects: view.reconnects,
    messagesIn: view.messagesIn,
    messagesOut: written.messages,
    bytesIn: view.bytesIn,
    bytesOut: written.bytes,
    bufferedAmount: life.outgoing.bufferedAmount,
    lastError: orNull(view.toldError),
    lastClose: lastClose === undefined ? null : { ...lastClose },
    nextAttemptAt: nextAttemptAt(life, waitingFor),
  };
  if (waitingFor !== undefined) Object.assign(stats, { waitingFor });
  const rtt = native.roundTrips();
  if (rtt !== null) Object.assign(stats, { rtt });
  if (delivery.limits) {
    const { messages, bytes } = native.queued();
    Object.assign(stats, { queuedMessages: messages, queuedBytes: bytes });
  }
  return stats;
}

module.exports = { statsOf };
