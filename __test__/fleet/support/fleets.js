'use strict';

// Fleets of a test, each member with a client of Redis of its own, and callers of their gates.

const { createFleet } = require('../../../fleet.js');
const { connect } = require('./redis-clients.js');

const made = new Set();
let number = 0;

/** A name that no other test has. */
function freshName() {
  number += 1;
  return `test-${process.pid}-${number}`;
}

/** So many members of one fleet. */
async function members(count, ports, options, kind = 'ioredis') {
  const name = options.name || freshName();
  const all = [];
  for (let i = 0; i < count; i += 1) {
    const redis = await connect(kind, ports);
    const fleet = createFleet({ redis, timeout: 500, memberTtl: 3000, ...options, name });
    made.add(fleet);
    all.push(fleet);
  }
  await Promise.all(all.map(({ member }) => untilSeen(member, count)));
  return all;
}

/** Waits until a member has seen that there are so many. */
async function untilSeen(member, count) {
  while (member.members < count) {
    member.beatSoon();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One attempt at a gate: resolves to what ends it once it may begin. */
const attempt = (fleet, signal) =>
  fleet.options().connectGate({ url: 'ws://127.0.0.1', attempt: 1, isReconnect: false, signal });

const OPEN = { isOpen: true };
const GIVEN_UP = { isOpen: false };
const failed = () => ({ isOpen: false, error: new Error('refused') });

/** An attempt that ends so at once. */
const tries = async (fleet, outcome) => (await attempt(fleet))(outcome);

/** The most times that lie in any `per` ms. */
function mostIn(times, per) {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  sorted.forEach((at, last) => {
    while (sorted[first] <= at - per) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

/** What a fleet tells, in its order. */
function record(fleet) {
  const told = [];
  fleet.on('degraded', () => told.push('degraded'));
  fleet.on('restored', () => told.push('restored'));
  fleet.on('circuitChange', (state) => told.push(state));
  return told;
}

async function closeFleets() {
  const all = [...made];
  made.clear();
  await Promise.all(all.map((fleet) => fleet.close()));
}

module.exports = { GIVEN_UP, OPEN, attempt, closeFleets, failed, freshName, members, mostIn, record, tries };
