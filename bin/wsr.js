#!/usr/bin/env node
'use strict';

// Any Node that the package runs on reads this file, so that one that is too old for the command hears why.

const OLDEST = 20;
/** That of wrong usage: docs/cli.md. */
const USAGE = 2;

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  console.error(`wsr: needs Node ${OLDEST} or later; this is ${process.version}`);
  process.exitCode = USAGE;
} else {
  require('../lib/cli/main.js');
}
