'use strict';

// What `wsr simulate` does, with a picture: `npm run simulate -- --clients 10000 --outage 20 --capacity 500`.

const path = require('path');
const { simulate } = require('../lib/cli/simulate.js');

simulate(process.argv.slice(2), path.join('artifacts', 'herd.svg')).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
