'use strict';

// The page's own timers never run: what is timed here, a Worker has timed.
globalThis.setTimeout = () => 0;
