'use strict';

/** Counts the threads of this process before and after many clients are open. */
const { readdirSync } = require('fs');

const [url, count] = process.argv.slice(2);
const threads = () => readdirSync('/proc/self/task').length;
const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

async function main() {
  const { WebSocketReconnect } = require('../subject.js');
  const make = () => new WebSocketReconnect({ url });
  await make().connect();
  await turn();
  const withOne = threads();
  await Promise.all(Array.from({ length: Number(count) }, () => make().connect()));
  await turn();
  const withMany = threads();
  console.log(
    withMany <= withOne ? 'one more thread' : `${withOne} threads with one client, ${withMany} with ${count}`,
  );
  process.exit(0);
}

main();
