'use strict';

// The clients of Redis that users have, each made as its documents say.

const made = new Set();

const ofIoredis = (load) => ({
  single: async (port) => silent(new (load())({ port, host: '127.0.0.1' })),
  cluster: async (ports) => silent(new (load().Cluster)(ports.map((port) => ({ port, host: '127.0.0.1' })))),
  end: (redis) => redis.disconnect(),
});

const ofNodeRedis = (load) => ({
  single: async (port) => {
    const redis = silent(load().createClient({ url: `redis://127.0.0.1:${port}` }));
    await redis.connect();
    return redis;
  },
  cluster: async (ports) => {
    const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
    const redis = silent(load().createCluster({ rootNodes }));
    await redis.connect();
    return redis;
  },
  end: (redis) => (redis.destroy ? redis.destroy() : redis.disconnect()),
});

const KINDS = {
  ioredis: ofIoredis(() => require('ioredis')),
  iovalkey: ofIoredis(() => require('iovalkey')),
  redis: ofNodeRedis(() => require('redis')),
  'redis-4': ofNodeRedis(() => require('redis-4')),
};

/** Users have a listener for what goes wrong; here that is what is tested. */
function silent(redis) {
  redis.on('error', () => {});
  return redis;
}

/** A connected client of a kind; several ports are those of a Cluster. */
async function connect(kind, ports) {
  const { cluster, end, single } = KINDS[kind];
  const redis = await (Array.isArray(ports) ? cluster(ports) : single(ports));
  made.add(() => end(redis));
  return redis;
}

async function endClients() {
  for (const end of made) {
    made.delete(end);
    await Promise.resolve()
      .then(end)
      .catch(() => {});
  }
}

module.exports = { KINDS: Object.keys(KINDS), connect, endClients };
