#!/usr/bin/env node
'use strict';

/* What `npm run bench [-- --quick]` runs. */

require('./compare-skill.js').main();
