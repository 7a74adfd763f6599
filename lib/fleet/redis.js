'use strict';

// The user's own client of Redis, by what it can do: ioredis and iovalkey have `evalsha`, node-redis has `evalSha`. A single
// node and a Cluster are called alike by both.

const { createHash } = require('crypto');
const { badType, coded, ignore } = require('../errors.js');
const { isFunction } = require('../options/check.js');

/** A script with the name by which Redis keeps it. */
const scriptOf = (text) => ({ text, sha: createHash('sha1').update(text).digest('hex') });

const isUnknownScript = (error) => /^NOSCRIPT/.test(String(error && error.message));

/** What both kinds of node-redis have in common. */
const nodeRedis = {
  async subscribe(redis, channel, hear) {
    await redis.connect();
    await redis.subscribe(channel, (message) => hear(message));
  },
  async end(redis) {
    // node-redis 4 keeps a socket that it ends while that is being connected.
    if (redis.isOpen && redis.isReady === false) {
      await new Promise((resolve) => {
        redis.once('ready', resolve);
        redis.once('error', resolve);
      });
    }
    return isFunction(redis.destroy) ? redis.destroy() : redis.disconnect();
  },
};

/** A Cluster of node-redis 4 looks for the key of a script in the wrong argument, and asks any node: it is told the key. */
const inCluster = (redis, keys, ...args) => redis.sendCommand(keys[0], false, args);

/** How clients of each kind are called. */
const KINDS = [
  {
    ...nodeRedis,
    fits: (redis) => isFunction(redis.evalSha) && Array.isArray(redis.slots),
    bySha: (redis, { sha }, keys, values) =>
      inCluster(redis, keys, 'EVALSHA', sha, String(keys.length), ...keys, ...values),
    byText: (redis, { text }, keys, values) =>
      inCluster(redis, keys, 'EVAL', text, String(keys.length), ...keys, ...values),
  },
  {
    ...nodeRedis,
    fits: (redis) => isFunction(redis.evalSha),
    bySha: (redis, { sha }, keys, values) => redis.evalSha(sha, { keys, arguments: values }),
    byText: (redis, { text }, keys, values) => redis.eval(text, { keys, arguments: values }),
  },
  {
    fits: (redis) => isFunction(redis.evalsha),
    bySha: (redis, { sha }, keys, values) => redis.evalsha(sha, keys.length, ...keys, ...values),
    byText: (redis, { text }, keys, values) => redis.eval(text, keys.length, ...keys, ...values),
    async subscribe(redis, channel, hear) {
      redis.on('message', (_channel, message) => hear(message));
      // Before that a client without an offline queue refuses, and any client does where Redis is long away.
      redis.on('ready', () => redis.subscribe(channel).catch(ignore));
      if (redis.status === 'wait') await redis.connect();
    },
    end: (redis) => redis.disconnect(),
  },
];

const ALLOWED = 'a client of ioredis, iovalkey or redis';

const isObject = (value) => typeof value === 'object' && value !== null;

/** What a script has answered: JSON. A client with callbacks, or in a transaction, gives something else. */
function read(answer) {
  const text = String(answer);
  if (text.startsWith('{')) return JSON.parse(text);
  const message = `redis: a script gave ${text.slice(0, 80)}; allowed is ${ALLOWED}, with promises and in no transaction`;
  throw coded(TypeError, 'WSR_ERR_OPTION', message);
}

class Redis {
  constructor(redis) {
    this.redis = redis;
    this.kind = isObject(redis) ? KINDS.find(({ fits }) => fits(redis)) : undefined;
    if (this.kind === undefined) throw badType('redis', redis, ALLOWED);
  }

  /** Runs a script, which answers with JSON. One round trip, but for the first time that a server sees the script. */
  async run(script, keys, values) {
    const { kind, redis } = this;
    let answer;
    try {
      answer = await kind.bySha(redis, script, keys, values);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      answer = await kind.byText(redis, script, keys, values);
    }
    return read(answer);
  }

  /**
   * Hears a channel over a connection of its own, where the client can make one. Returns what ends that. Nothing depends on
   * it: without it, what is told there is seen at the next call.
   */
  listen(channel, hear) {
    const { kind, redis } = this;
    if (!isFunction(redis.duplicate)) return ignore;
    let own;
    try {
      own = redis.duplicate();
      own.on('error', ignore);
    } catch (_error) {
      return ignore;
    }
    let isOver = false;
    const end = () => {
      try {
        Promise.resolve(kind.end(own)).catch(ignore);
      } catch (_error) {
        // It is not connected.
      }
    };
    kind.subscribe(own, channel, hear).then(() => isOver && end(), ignore);
    return () => {
      isOver = true;
      end();
    };
  }
}

module.exports = { Redis, scriptOf };
