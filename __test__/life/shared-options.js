'use strict';

/* Shares content and drops it: tells once it is collected, and its text with it. Needs --expose-gc. */

const { sharing } = require('../../lib/options/shared.js');
const { WeakValues } = require('../../lib/weakly.js');

const known = new WeakValues();
const share = sharing(known);
const collect = typeof Bun === 'undefined' ? global.gc || globalThis.gc : () => globalThis.Bun.gc(true);

(() => {
  for (let i = 0; i < 100; i += 1) share({ secret: `s${i}` });
})();
const one = share({ secret: 'kept' });

function look() {
  collect();
  known.clearAway();
  if (known.references.size > 1) setTimeout(look, 10);
  else console.log(share({ secret: 'kept' }) === one ? 'collected' : 'not shared');
}

look();
