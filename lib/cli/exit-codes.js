'use strict';

const EXIT = { done: 0, failed: 1, usage: 2, lost: 3, interrupted: 130, terminated: 143 };

/** What each code says, for `--help`. */
const MEANINGS = [
  [EXIT.done, 'it ended as it was asked to'],
  [EXIT.failed, 'it could not connect, gave up, or could not print'],
  [EXIT.usage, 'wrong usage, a line that is no hex, or a Node that is too old'],
  [EXIT.lost, 'the server closed with an error, or messages may not have arrived'],
  [EXIT.interrupted, 'SIGINT (Ctrl-C)'],
  [EXIT.terminated, 'SIGTERM'],
];

module.exports = { EXIT, MEANINGS };
