'use strict';

/*
 * One of several processes that collect from many streams: each stream is collected by one of them, and by another where that
 * one is gone.
 *
 *   node examples/fleet/collector.js redis://127.0.0.1:6379 ws://127.0.0.1:8080 stream-1 stream-2 …
 */

const Redis = require('ioredis');
const { WebSocketReconnect } = require('../../index.js'); // yours: require('websocket-reconnect-native')
const { createFleet } = require('../../fleet.js'); // yours: require('websocket-reconnect-native/fleet')

/** Collects of `streams` what falls to this process: `took` is called with each message. Returns what ends it. */
function collect({ redis, url, streams, took, changed, ...options }) {
  const fleet = createFleet({
    redis,
    name: 'streams',
    // What a server of market data may allow an address.
    connects: { max: 20, per: 2000, concurrency: 5 },
    circuit: { quorum: 2, resetTimeout: 5000 },
    ...options,
  });
  const clients = new Map();
  const close = (stream) => {
    clients.get(stream).close();
    clients.delete(stream);
  };
  fleet.assign(streams, ({ keys, added, removed }) => {
    removed.forEach(close);
    for (const stream of added) {
      const ws = new WebSocketReconnect({
        url: `${url}/${stream}`,
        maxRetries: Infinity,
        ...fleet.options(),
      });
      ws.on('message', ({ data }) => took(JSON.parse(data)));
      ws.on('error', (error) => console.error(`${stream}: ${error.message}`));
      ws.connect().catch(() => {});
      clients.set(stream, ws);
    }
    changed(keys);
  });
  fleet.on('degraded', (error) => console.error(`without Redis: ${error.message}`));
  fleet.on('restored', () => console.error('with Redis again'));
  return () => {
    [...clients.keys()].forEach(close);
    return fleet.close();
  };
}

if (require.main === module) {
  const [redisUrl, url, ...streams] = process.argv.slice(2);
  const redis = new Redis(redisUrl);
  // Without a listener ioredis writes each failure to the console; the fleet tells of them.
  redis.on('error', () => {});
  const tell = (message) => (process.send ? process.send(message) : console.log(message));
  const end = collect({
    redis,
    url,
    streams,
    memberTtl: 3000,
    took: ({ stream, value }) => tell({ stream, value }),
    changed: (keys) => tell({ keys }),
  });
  process.on('SIGTERM', () => end().then(() => process.exit()));
  process.on('disconnect', () => process.exit());
}

module.exports = { collect };
