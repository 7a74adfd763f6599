'use strict';

// What lib/options/proxy.js is in bundles. What names a proxy, the engine has refused before.

const isOfEnvironment = (given) => given !== false;

const checkProxy = (given) => (isOfEnvironment(given) ? undefined : given);

module.exports = { checkProxy, isOfEnvironment };
