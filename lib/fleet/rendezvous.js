'use strict';

// Rendezvous hashing (Thaler and Ravishankar, 1998): each member weighs each key, and the heaviest has it. A member that goes
// leaves its keys to the others and moves no other key.

/** FNV-1a, 32 bits. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The last mixing of MurmurHash3: each bit of the input moves half of the output's. */
function mix(value) {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The keys that `member` has among `members`. All who know the same members agree. */
function keysOf(member, members, keys) {
  // Of equal weights the first by name counts, whatever the order in which the members are known.
  const others = [...members].sort().map((name) => ({ name, seed: mix(hash(name)) }));
  return keys.filter((key) => {
    const seed = hash(key);
    let heaviest;
    let most = -1;
    for (const other of others) {
      const weight = mix(Math.imul(seed, 0x9e3779b1) ^ other.seed);
      if (weight > most) [most, heaviest] = [weight, other.name];
    }
    return heaviest === member;
  });
}

module.exports = { keysOf };
