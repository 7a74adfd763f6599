// Lives of clients by the policy of the package itself, in virtual time: one client against a server of a kind, and a herd that is cut off
// at once. It runs in a page and in Node.

import instantiate from './policy.mjs';

const TELL = { tick: 0, opened: 18, refused: 19, lost: 21 };
const JITTERS = ['', 'full', 'equal', 'decorrelated'];

/** Numbers in the order of src/browser.rs. */
function settingsOf(options) {
  const kind = Math.max(JITTERS.indexOf(options.jitter), 0);
  const share = kind === 0 && options.jitter !== 'none' ? Number(options.jitter) : 0;
  const of = (name, standard) => (options[name] === undefined ? standard : Number(options[name]));
  return [
    of('maxRetries', Infinity),
    of('baseDelay', 1000),
    of('maxDelay', 30000),
    of('multiplier', 2),
    kind,
    share,
    0,
    5000,
    0,
    0,
    1,
    of('failureThreshold', Infinity),
    of('resetTimeout', 60000),
    3,
    0,
    0.5,
    5,
    30000,
    of('minUptime', 0),
    Infinity,
    0,
    0,
    0,
    1,
    0,
    0,
  ];
}

/** 32 bits of a seed and a number, far apart for neighbours. */
const mixed = (seed, number) =>
  (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(number + 1, 0xc2b2ae35)) >>> 0;

/** Clients of one policy. Times are in ms. */
function world(options) {
  const policy = instantiate();
  const settings = settingsOf(options);
  let view = new Float64Array(0);
  /** The policy's numbers, which lie elsewhere once its memory has grown. */
  const numbers = () => {
    const { buffer } = policy.memory;
    if (view.buffer !== buffer) view = new Float64Array(buffer, policy.numbers(), 32);
    return view;
  };
  const create = (seed) => {
    numbers().set(settings);
    return policy.create(seed);
  };
  /** Takes all that is decided: calls `onDial` with the attempt, and `onTold` with what users are told. */
  const drain = (link, onDial, onTold) => {
    for (let kind = policy.next(link); kind !== 0; kind = policy.next(link)) {
      if (kind !== 1 && onTold === undefined) continue;
      const [a, b] = numbers();
      if (kind === 1) onDial(a);
      else onTold(kind, a, b);
    }
  };
  const tell = (link, input, at, attempt, code = 0) => {
    if (input === TELL.refused || input === TELL.lost) policy.room(0);
    policy.tell(link, input, attempt, code, at * 1000);
  };
  return {
    create,
    drain,
    tell,
    connect: (link, at) => policy.connect(link, at * 1000),
    deadline: (link) => policy.deadline(link) / 1000,
  };
}

/** What is due, the earliest first. */
class Queue {
  constructor() {
    this.items = [];
  }

  push(at, item) {
    const { items } = this;
    let index = items.length;
    items.push({ at, item });
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (items[above].at <= at) break;
      items[index] = items[above];
      index = above;
      items[index] = { at, item };
    }
  }

  pop() {
    const { items } = this;
    const [first] = items;
    const last = items.pop();
    if (items.length === 0) return first;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below + 1 < items.length && items[below + 1].at < items[below].at) below += 1;
      if (below >= items.length || items[below].at >= last.at) break;
      items[index] = items[below];
      index = below;
    }
    items[index] = last;
    return first;
  }
}

/**
 * So many clients are cut off at once; the server is away for `outage` seconds, and takes `capacity` connections a second then. What is
 * too much is refused, or, with `over: 'timeout'`, hangs for ten seconds. `gate` says for the time at which an attempt is due when it
 * may begin.
 */
export function herd(options) {
  const {
    clients,
    outage,
    capacity,
    seed = 1,
    limit = 1200,
    over = 'refuse',
    jitter,
    gate = (at) => at,
  } = options;
  const { create, drain, tell, connect, deadline } = world(options);
  const queue = new Queue();
  const links = [];
  const attempts = [];
  /** Attempts in each tenth of a second, and those that were taken. */
  const tenths = [];
  const taken = [];
  let total = 0;
  const backAt = [];
  /** What the server may take, as of a time: up to what it takes in a second. */
  let room = capacity;
  let roomAt = 0;
  const dialed = (number) => (attempt) => {
    attempts[number] = attempt;
  };
  /** An attempt at a time: taken where the server is there and has room in this tenth of a second. */
  const attemptAt = (number, at) => {
    const tenth = Math.floor(at / 100);
    tenths[tenth] = (tenths[tenth] || 0) + 1;
    total += 1;
    room = Math.min(room + ((at - roomAt) * capacity) / 1000, capacity);
    roomAt = at;
    if (at >= outage * 1000 && room >= 1) {
      room -= 1;
      taken[tenth] = (taken[tenth] || 0) + 1;
      tell(links[number], TELL.opened, at, attempts[number]);
      drain(links[number], dialed(number));
      backAt.push(at);
      return;
    }
    if (over === 'timeout' && at >= outage * 1000) queue.push(at + 10000, { number, refuses: true });
    else refuse(number, at);
  };
  const refuse = (number, at) => {
    tell(links[number], TELL.refused, at, attempts[number]);
    drain(links[number], dialed(number));
    const due = deadline(links[number]);
    if (due !== Infinity) queue.push(due, { number });
  };
  const dueAt = (number, at) => {
    const begins = gate(at);
    if (begins > at) queue.push(begins, { number, begins: true });
    else attemptAt(number, at);
  };
  for (let number = 0; number < clients; number += 1) {
    const link = create(mixed(seed, number));
    links.push(link);
    connect(link, 0);
    drain(link, dialed(number));
    tell(link, TELL.opened, 0, attempts[number]);
    drain(link, dialed(number));
    tell(link, TELL.lost, 0, attempts[number], 1006 + 65536);
    drain(link, dialed(number));
    queue.push(deadline(link), { number });
  }
  while (queue.items.length > 0) {
    const { at, item } = queue.pop();
    if (at > limit * 1000) break;
    if (item.refuses) {
      refuse(item.number, at);
      continue;
    }
    if (item.begins) {
      attemptAt(item.number, at);
      continue;
    }
    const before = attempts[item.number];
    tell(links[item.number], TELL.tick, at, 0);
    drain(links[item.number], dialed(item.number));
    if (attempts[item.number] !== before) dueAt(item.number, at);
  }
  const when = (share) => backAt[Math.ceil(clients * share) - 1];
  return {
    jitter,
    half: when(0.5),
    most: when(0.95),
    all: when(1),
    attempts: total,
    worst: tenths.reduce((most, count = 0) => Math.max(most, count), 0),
    tenths,
    taken,
  };
}

/** Servers against which one client lives: whether an attempt at a time is taken, and for how long the connection stays. */
export const SERVERS = {
  down: {
    told: 'is down for a while',
    takes: (at, { outage }) => at >= outage * 1000,
    stays: () => Infinity,
  },
  slow: { told: 'takes three seconds to answer', takes: () => true, stays: () => Infinity, takesFor: 3000 },
  flapping: {
    told: 'is there every other ten seconds',
    takes: (at) => Math.floor(at / 10000) % 2 === 1,
    stays: (at) => 10000 - (at % 10000),
  },
  drops: { told: 'accepts and drops at once', takes: () => true, stays: () => 50 },
};

const STATES = ['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'BLOCKED', 'FAILED'];

/** The life of one client: its states with the times from which they hold, and its retries, up to `limit` seconds. */
export function life(options) {
  const { seed = 1, limit = 120, server = 'down' } = options;
  const kind = SERVERS[server];
  const { create, drain, tell, connect, deadline } = world(options);
  const link = create(mixed(seed, 0));
  const states = [{ at: 0, state: 'CLOSED' }];
  const retries = [];
  let now = 0;
  let attempt = 0;
  /** What the network does next. */
  let next = { at: Infinity, input: 0, code: 0 };
  const onDial = (number) => {
    attempt = number;
    const took = kind.takesFor || 20;
    const opens = kind.takes(now + took, options);
    next = { at: now + took, input: opens ? TELL.opened : TELL.refused, code: 0 };
  };
  const onTold = (told, a, b) => {
    if (told === 10) states.push({ at: now, state: STATES[a] });
    if (told === 15) retries.push({ at: now, attempt: a, delay: b });
  };
  connect(link, now);
  drain(link, onDial, onTold);
  for (let step = 0; step < 10000; step += 1) {
    const due = deadline(link);
    const at = Math.min(due, next.at);
    if (at > limit * 1000) break;
    now = Math.max(at, now);
    if (next.at <= due) {
      const { input, code } = next;
      next =
        input === TELL.opened
          ? { at: now + kind.stays(now, options), input: TELL.lost, code: 1006 + 65536 }
          : { at: Infinity, input: 0, code: 0 };
      tell(link, input, now, attempt, code);
    } else tell(link, TELL.tick, now, 0);
    drain(link, onDial, onTold);
  }
  states.push({ at: limit * 1000, state: states[states.length - 1].state });
  return { states, retries };
}

const COLOURS = ['#3366cc', '#2a9d4a', '#b8860b', '#8e44ad', '#c0392b'];

/** What several herds did, as an SVG: attempts in each tenth of a second against what the server takes. */
export function picture(results, { capacity, outage }) {
  const width = 900;
  const height = 150;
  const last = Math.max(...results.map(({ all }) => (all === undefined ? 120000 : all)), outage * 1000);
  const span = Math.min(Math.ceil(last / 10000) * 100 + 50, 1500);
  const rows = results.map(({ jitter, tenths, all }, row) => {
    const top = row * (height + 40) + 40;
    const most = Math.max(
      capacity / 2.5,
      ...tenths
        .slice(0, span)
        .map((count) => count || 0)
        .filter((count) => count < capacity * 2),
    );
    const y = (count) => top + height - Math.min(count / most, 1) * height;
    const x = (tenth) => 60 + (tenth / span) * (width - 80);
    const bars = [];
    for (let tenth = 0; tenth < span; tenth += 1) {
      const count = tenths[tenth];
      if (count) bars.push(`M${x(tenth).toFixed(1)} ${top + height}V${y(count).toFixed(1)}`);
    }
    const line = y(capacity / 10).toFixed(1);
    const back = all === undefined ? 'not all are back' : `all back after ${(all / 1000).toFixed(0)} s`;
    return [
      `<text x="60" y="${top - 8}" font-weight="bold">jitter ${jitter}</text><text x="${width - 20}" y="${top - 8}" text-anchor="end">${back}</text>`,
      `<path d="${bars.join('')}" stroke="${COLOURS[row % COLOURS.length]}" fill="none"/>`,
      `<path d="M60 ${line}H${width - 20}" stroke="#888" stroke-dasharray="4 3"/><path d="M60 ${top + height}H${width - 20}" stroke="#444"/>`,
      `<path d="M${x(outage * 10).toFixed(1)} ${top}V${top + height}" stroke="#888"/>`,
      `<text x="52" y="${line}" text-anchor="end" fill="#666">${capacity / 10}</text>`,
    ].join('\n');
  });
  const total = results.length * (height + 40) + 60;
  const marks = [];
  for (let second = 0; second <= span / 10; second += 20) {
    marks.push(
      `<text x="${(60 + ((second * 10) / span) * (width - 80)).toFixed(1)}" y="${total - 25}" text-anchor="middle" fill="#444">${second} s</text>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${width}" height="${total}" fill="#fff"/>
<text x="60" y="18" fill="#444">Attempts in each tenth of a second; dashed: what the server takes; upright: the server is back</text>
${rows.join('\n')}
${marks.join('\n')}
</svg>
`;
}
