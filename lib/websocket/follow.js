'use strict';

// What the classes of WebSockets have in common: each holds a client and follows it through its one connection.

const { LIFE } = require('../facade/client.js');

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

/** A WebSocket tries once, and beats never; what it has to ask of a peer it asks by a ping. */
const ONCE = { maxRetries: 0, circuitBreaker: false, heartbeatInterval: 0, heartbeatMode: 'ping' };

/** Closes without a code: what it is told as. */
const NO_STATUS = 1005;

/** How a connection ends whose peer has not closed it. */
const CUT = { code: 1006, reason: '', wasClean: false };

/**
 * Has a client connect, and tells its holder what becomes of it: `open`, `receive` of a message, `fail` of an error, `lose`
 * of how a connection ended, and `end` when nothing follows any more, which may come twice.
 */
function follow(client, holder) {
  client.on('message', ({ data }) => holder.receive(data));
  client.on('open', (info) => holder.open(info));
  client.on('error', (error) => holder.fail(error));
  client.on('close', (ending) => {
    if (typeof ending.code === 'number') holder.lose(ending.wasClean ? ending : CUT);
    if (!client[LIFE].view.alive) holder.end();
  });
  // Only a client that refuses to start tells no `close`.
  client.connect().then(undefined, () => {
    if (client.readyState === CLOSED) holder.end();
  });
}

/** Begins the closing handshake; `NO_STATUS` sends no code. */
function shut(client, code, reason) {
  client[LIFE].finish((native, received, seenAlive) => native.close(received, code, reason, seenAlive));
}

/** Defines the constants of a class, which nobody can write. */
function defineStates(WebSocket) {
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
    Object.defineProperty(WebSocket, name, { value, enumerable: true });
    Object.defineProperty(WebSocket.prototype, name, { value, enumerable: true });
  }
}

module.exports = { CLOSED, CLOSING, CONNECTING, CUT, NO_STATUS, ONCE, OPEN, defineStates, follow, shut };
