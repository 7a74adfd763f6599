'use strict';

/**
 * What the engine tells cannot be made in JavaScript: `unmade.js URL before|behind`, once before anything of it was handed
 * over, or behind that. Says what was told, and whether all else came.
 */
const { Facade } = require('../../lib/node/native.js');
const { WebSocketReconnect } = require('../subject.js');

const [url, when] = process.argv.slice(2);
const { take } = Facade.prototype;
let fails = false;
Facade.prototype.take = function failing() {
  if (!fails) return take.call(this);
  fails = false;
  if (when === 'behind') take.call(this);
  throw new Error('unmade');
};

process.on('uncaughtException', ({ message }) => console.log(message));

const ws = new WebSocketReconnect({ url, heartbeatInterval: 0 });
ws.on('message', ({ data }) => {
  if (data === 'second') {
    ws.close();
  } else {
    fails = true;
    ws.send('second');
  }
});
ws.on('close', () => console.log('all came'));
ws.connect().then(() => ws.send('first'));
