'use strict';

/*
 * One client under test, several connections of it: `subject.js NAME PORT LINKS SEED`. Each link sends numbered
 * messages until its parent says `finish`; once all that can still go out is out it tells `{sent: …}`: what each
 * link has handed over, and what `send` refused with an error.
 */

const WebSocket = require('ws');
const { random } = require('../../__test__/support/random.js');

/** A link sends a few messages every so often, in ms. */
const PACE = 3;
/** One message in so many is large, up to so many bytes. */
const LARGE = { one: 100, size: 64 * 1024 };
/** What has not gone out by then, in ms, never will. */
const PATIENCE = 8000;
/** A client that cannot tell is given so long to come to rest, in ms. */
const REST = 1000;

const RETRY = { first: 1, longest: 20 };
/** A heartbeat finds the silences, where a client has one. */
const HEARTBEAT = { heartbeatInterval: 60, heartbeatTimeout: 60 };

const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function ours(options) {
  return (url) => {
    const { WebSocketReconnect } = require('../../index.js');
    const ws = new WebSocketReconnect({
      url,
      baseDelay: RETRY.first,
      maxDelay: RETRY.longest,
      maxRetries: Infinity,
      circuitBreaker: { failureThreshold: 1000000 },
      websocketOptions: { perMessageDeflate: false },
      ...HEARTBEAT,
      ...options,
    });
    ws.connect();
    const rest = () => ws.flush().catch(() => delay(10).then(rest));
    return { send: (text) => ws.send(text), rest };
  };
}

/** The two clients that descend from one another, with the same options. */
function reconnecting(Client) {
  return (url) => {
    const ws = new Client(url, [], {
      WebSocket,
      minReconnectionDelay: RETRY.first,
      maxReconnectionDelay: RETRY.longest,
      reconnectionDelayGrowFactor: 2,
      minUptime: 0,
    });
    ws.addEventListener('error', () => {});
    const rest = async () => {
      while (ws.readyState !== WebSocket.OPEN || ws.bufferedAmount > 0) await delay(10);
      await delay(REST);
    };
    return { send: (text) => ws.send(text), rest };
  };
}

function skill(url) {
  const { WebSocketReconnect } = require('../peers/skill-class.js');
  const ws = new WebSocketReconnect({
    url,
    baseDelay: RETRY.first,
    maxDelay: RETRY.longest,
    maxRetries: Infinity,
    // In the skill an open circuit ends all retrying.
    circuitBreaker: { failureThreshold: Infinity },
    websocketOptions: { perMessageDeflate: false },
    ...HEARTBEAT,
  });
  ws.on('error', () => {});
  ws.connect();
  const rest = async () => {
    while (ws.state !== 'OPEN' || ws.ws.bufferedAmount > 0) await delay(10);
    await delay(REST);
  };
  return { send: (text) => ws.send(text), rest };
}

const SUBJECTS = {
  'at-least-once': ours({ delivery: 'at-least-once' }),
  queue: ours({ queue: true }),
  'reconnecting-websocket': (url) => reconnecting(require('reconnecting-websocket'))(url),
  partysocket: (url) => reconnecting(require('partysocket/ws').default)(url),
  skill,
};

/** Sends at random until it is stopped. */
class Link {
  constructor(client, chance) {
    this.client = client;
    this.chance = chance;
    this.accepted = 0;
    this.refused = 0;
    this.timer = setInterval(() => this.burst(), PACE);
  }

  burst() {
    for (let i = this.chance.below(5); i > 0; i--) this.send();
  }

  /** A message that is refused was not sent: its number goes to the next. */
  send() {
    const { one, size } = LARGE;
    const length = this.chance.below(this.chance.below(one) === 0 ? size : 300);
    try {
      this.client.send(`${this.accepted} ${'.'.repeat(length)}`);
      this.accepted += 1;
    } catch {
      this.refused += 1;
    }
  }

  async finish() {
    clearInterval(this.timer);
    await Promise.race([this.client.rest(), delay(PATIENCE)]);
    return { accepted: this.accepted, refused: this.refused };
  }
}

const [name, port, count, seed] = process.argv.slice(2);
const links = Array.from(
  { length: Number(count) },
  (_, i) => new Link(SUBJECTS[name](`ws://127.0.0.1:${port}/${i}`), random(Number(seed) + i)),
);

process.on('message', async () => {
  const sent = await Promise.all(links.map((link) => link.finish()));
  process.send({ sent: { ...sent } });
});
