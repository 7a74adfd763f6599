'use strict';

// A process of a fleet that makes attempts as it is told: `attempts` of them, each over after `lasts` ms, or never. It tells
// when each began.

const [setup] = process.argv.slice(2).map((text) => JSON.parse(text));
const realNow = Date.now;
if (setup.clock) Date.now = () => realNow() + setup.clock;

const { createFleet } = require('../../../fleet.js');
const { connect } = require('./redis-clients.js');

async function main() {
  const redis = await connect('ioredis', setup.port);
  const fleet = createFleet({ redis, ...setup.options });
  fleet.on('degraded', () => process.send({ event: 'degraded' }));
  const gate = fleet.options().connectGate;
  process.on('message', ({ attempts, lasts }) => {
    for (let i = 0; i < attempts; i += 1) {
      gate({}).then((end) => {
        process.send({ event: 'began', at: realNow() });
        if (lasts !== undefined) setTimeout(() => end({ isOpen: true }), lasts);
      });
    }
  });
  process.on('disconnect', () => process.exit());
  process.send({ event: 'ready', id: fleet.id });
}

main();
