'use strict';

// A process of many clients, of a fleet where there are options of one. It tells how many are open as that changes, how many
// attempts have begun, and what its fleet tells.

const { WebSocketReconnect } = require('../../../index.js');
const { createFleet } = require('../../../fleet.js');
const { connect } = require('./redis-clients.js');

const { ports, url, count, options } = JSON.parse(process.argv[2]);

let begun = 0;

async function gateOf() {
  if (options === undefined) return {};
  const redis = await connect('ioredis', ports);
  await redis.ping();
  const fleet = createFleet({ redis, ...options });
  fleet.on('degraded', ({ message }) => process.send({ event: 'degraded', message }));
  fleet.on('circuitChange', (state) => process.send({ event: 'circuit', state }));
  const { connectGate } = fleet.options();
  return {
    async connectGate(attempt) {
      const end = await connectGate(attempt);
      begun += 1;
      return end;
    },
  };
}

async function main() {
  const gate = await gateOf();
  const open = new Set();
  let told;
  const tell = () => {
    if (open.size === told) return;
    told = open.size;
    process.send({ event: 'open', count: told, begun });
  };
  for (let i = 0; i < count; i += 1) {
    const ws = new WebSocketReconnect({
      url,
      baseDelay: 200,
      maxDelay: 2000,
      maxRetries: Infinity,
      // The fleet's is tested.
      circuitBreaker: { failureThreshold: Infinity },
      ...gate,
    });
    ws.on('open', () => open.add(ws));
    ws.on('close', () => open.delete(ws));
    ws.on('error', () => {});
    ws.connect().catch(() => {});
  }
  setInterval(tell, 50);
  process.on('disconnect', () => process.exit());
  process.send({ event: 'ready' });
}

main();
