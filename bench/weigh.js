'use strict';

/* What one client weighs, in bytes: a measurement of measure.js, for the table of memory.js. */

const v8 = require('v8');
const native = require('../lib/node/native.js');
const { restingMemory } = require('./resting.js');

/** Clients that come first, and bring along what all share. */
const FIRST = 200;

/** Clients under way at the same time while many are opened. */
const AT_ONCE = 50;

const onMessage = (event) => event;

/** How each kind of client is made. */
const MAKERS = {
  native: (url) => new (require('../index.js').WebSocketReconnect)({ url }),
  ws: (url) => new (require('ws'))(url),
};

const opened = (client) =>
  client.connect ? client.connect() : new Promise((resolve) => client.once('open', resolve));

async function makeMany(count, { url, peer, opens, urls }, from) {
  const made = [];
  while (made.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - made.length) }, (_, i) => {
      const one = MAKERS[peer](urls ? `${url}?${from + made.length + i}` : url);
      one.on('message', onMessage);
      return one;
    });
    if (opens) await Promise.all(some.map(opened));
    made.push(...some);
  }
  return made;
}

/** The bytes of JavaScript's heap by what they are: objects by their class, the rest by its kind. */
async function heap() {
  const chunks = [];
  for await (const chunk of v8.getHeapSnapshot()) chunks.push(Buffer.from(chunk));
  const { snapshot, nodes, strings } = JSON.parse(Buffer.concat(chunks).toString());
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field));
  const found = {};
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[type][nodes[at + type]];
    // Compiled code comes and goes, whatever clients do.
    if (kind === 'code') continue;
    const key = kind === 'object' ? strings[nodes[at + name]] : `(${kind})`;
    found[key] = (found[key] || 0) + nodes[at + size];
  }
  return found;
}

/** What clients that come after the first ones add to what `look` finds, each its share. */
async function growth(task, look) {
  const held = await makeMany(FIRST, task, 0);
  await restingMemory();
  // Outside of the heap, which is looked at again.
  const before = v8.serialize(await look());
  await restingMemory();
  held.push(...(await makeMany(task.connections, task, FIRST)));
  await restingMemory();
  const after = await look();
  if (held.length !== FIRST + task.connections) throw new Error(`${held.length} clients were made`);
  const known = v8.deserialize(before);
  const each = {};
  for (const [name, bytes] of Object.entries(after))
    each[name] = (bytes - (known[name] || 0)) / task.connections;
  return each;
}

/** What the system, JavaScript's engine and the allocator of all that is native say. */
async function memory() {
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, native: native.allocated(), rss };
}

/** What one client weighs: `parts` of the heap of JavaScript, or the whole of each memory. */
const weigh = (peer, { parts, ...task }) => growth({ ...task, peer }, parts ? heap : memory);

module.exports = { weigh };
