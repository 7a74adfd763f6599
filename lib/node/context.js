'use strict';

const { AsyncResource } = require('async_hooks');

const NAME = 'WebSocketReconnect';

/** The async context in which this module was loaded. What serves all clients runs in it, and keeps none of theirs. */
const sharedContext = new AsyncResource(NAME);

/** The async context of the call under way, to be entered again by `runInAsyncScope`. */
const currentContext = () => new AsyncResource(NAME);

module.exports = { currentContext, sharedContext };
