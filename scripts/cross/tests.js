'use strict';

/**
 * The test files that run on each machine and under each emulator, by parts of their names: what the machine, its C library and
 * its sockets have a hand in.
 */
const TESTS = [
  'backoff',
  'circuit.test',
  'close',
  'compression',
  'connect.test',
  'event-order',
  'heartbeat',
  'messages',
  'ping',
  'send.test',
];

module.exports = { TESTS };
