'use strict';

const { performance } = require('perf_hooks');
const { WeakValues } = require('../weakly.js');
const { serverOf } = require('./attributes.js');
const { Sums } = require('./sums.js');

/** Bounds of buckets, in seconds: of what takes a round trip or some, and of what lasts. */
const SHORT = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const LONG = [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400];

/** The counts of `getStats()`, by the metric and the direction that they are of. */
const COUNTS = {
  messagesIn: ['messages', 'receive'],
  messagesOut: ['messages', 'transmit'],
  bytesIn: ['io', 'receive'],
  bytesOut: ['io', 'transmit'],
};

const NOTHING = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 };

/** What the metric of connections calls what a client is up to; nothing of one that has ended. */
function stateOf({ state, nextAttemptAt }) {
  if (state === 'CLOSED') return nextAttemptAt === null ? undefined : 'waiting';
  return state === 'FAILED' ? undefined : state.toLowerCase();
}

/** What is known of one client between two collections. */
class Watched {
  constructor(client) {
    this.server = serverOf(client.url);
    this.counted = NOTHING;
    /** The latest that was recorded, in ms. */
    this.roundTrip = undefined;
    /** When the open connection was, in ms. */
    this.openedAt = undefined;
  }
}

/** The metrics of clients: of what happens as it does, of what they are by their `getStats()` when somebody collects. */
class Metrics {
  constructor(meter) {
    const make = (kind, name, unit, description, more) =>
      meter[`create${kind}`](`websocket.client.${name}`, { unit, description, ...more });
    const within = (bounds) => ({ advice: { explicitBucketBoundaries: bounds } });
    this.duration = make(
      'Histogram',
      'connection.duration',
      's',
      'How long connections were open.',
      within(LONG),
    );
    this.connectDuration = make(
      'Histogram',
      'connect.duration',
      's',
      'How long attempts took.',
      within(SHORT),
    );
    this.pingDuration = make(
      'Histogram',
      'ping.duration',
      's',
      'The latest round trip of each client, at each collection and at the end of each connection.',
      within(SHORT),
    );
    this.reconnects = make('Counter', 'reconnects', '{reconnection}', 'Connections that came after another.');
    this.dropped = make('Counter', 'dropped', '{message}', 'Messages that were never sent.');
    this.observed = {
      connections: make('ObservableUpDownCounter', 'connections', '{connection}', 'Clients by what they do.'),
      circuit: make('ObservableUpDownCounter', 'circuit.state', '{client}', 'Clients by their circuit.'),
      queueMessages: make('ObservableUpDownCounter', 'queue.messages', '{message}', 'Messages that wait.'),
      queueSize: make('ObservableUpDownCounter', 'queue.size', 'By', 'The bytes of messages that wait.'),
      messages: make('ObservableCounter', 'messages', '{message}', 'Messages that have come and gone.'),
      io: make('ObservableCounter', 'io', 'By', 'The bytes of their payloads.'),
    };
    this.sums = {};
    for (const name of Object.keys(this.observed)) this.sums[name] = new Sums();
    const instruments = Object.values(this.observed);
    const collect = (result) => this.collect(result);
    meter.addBatchObservableCallback(collect, instruments);
    this.stop = () => meter.removeBatchObservableCallback(collect, instruments);
    this.known = new WeakMap();
    this.clients = new WeakValues();
  }

  /** What is known of a client; from its first event on. */
  of(client) {
    let watched = this.known.get(client);
    if (watched === undefined) {
      watched = new Watched(client);
      this.known.set(client, watched);
      this.clients.set(watched, client);
    }
    return watched;
  }

  connecting(client) {
    this.of(client);
  }

  open(client, { isReconnect, url }) {
    const watched = this.of(client);
    this.ended(watched, {});
    this.count(watched, client.getStats());
    watched.server = serverOf(url);
    watched.openedAt = performance.now();
    if (isReconnect) this.reconnects.add(1, watched.server);
  }

  close(client, { code, wasClean }) {
    const watched = this.of(client);
    this.ended(watched, wasClean ? {} : { 'error.type': String(code) });
    // It may be the last that is heard of the client.
    this.count(watched, client.getStats());
  }

  drop(client, { reason }) {
    this.dropped.add(1, { ...this.of(client).server, 'websocket.drop.reason': reason });
  }

  ended(watched, attributes) {
    if (watched.openedAt === undefined) return;
    const seconds = (performance.now() - watched.openedAt) / 1000;
    watched.openedAt = undefined;
    this.duration.record(seconds, { ...watched.server, ...attributes });
  }

  /** Adds what a client has moved, and how long its pong took, since it was counted last. */
  count(watched, stats) {
    for (const [name, [metric, direction]] of Object.entries(COUNTS)) {
      const value = stats[name] - watched.counted[name];
      if (value > 0) this.sums[metric].add({ ...watched.server, 'network.io.direction': direction }, value);
    }
    const { messagesIn, messagesOut, bytesIn, bytesOut } = stats;
    watched.counted = { messagesIn, messagesOut, bytesIn, bytesOut };
    const { last } = stats.rtt || {};
    if (last === undefined || last === watched.roundTrip) return;
    watched.roundTrip = last;
    this.pingDuration.record(last / 1000, watched.server);
  }

  /** Adds what a client is. */
  look(watched, stats) {
    const state = stateOf(stats);
    const { server } = watched;
    const { connections, circuit, queueMessages, queueSize } = this.sums;
    if (state === undefined) return;
    connections.add({ ...server, 'websocket.connection.state': state }, 1);
    const word = stats.circuitState.toLowerCase().replace('-', '_');
    circuit.add({ ...server, 'websocket.circuit.state': word }, 1);
    if (stats.queuedMessages === undefined) return;
    queueMessages.add(server, stats.queuedMessages);
    queueSize.add(server, stats.queuedBytes);
  }

  collect(result) {
    const { connections, circuit, queueMessages, queueSize } = this.sums;
    for (const sums of [connections, circuit, queueMessages, queueSize]) sums.clear();
    this.clients.clearAway();
    for (const watched of this.clients.references.keys()) {
      const client = this.clients.get(watched);
      if (client === undefined) continue;
      const stats = client.getStats();
      this.count(watched, stats);
      this.look(watched, stats);
    }
    for (const [name, instrument] of Object.entries(this.observed))
      this.sums[name].observe(result, instrument);
  }
}

module.exports = { Metrics };
