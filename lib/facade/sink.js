'use strict';

// Sending with back-pressure, for streams.

const { manuallyClosed } = require('../errors.js');
const { watchEnd } = require('./iteration.js');

/** Calls `done` at the next event of a name, or with the reason why none comes: the client is at its end. */
function awaitEvent(client, event, done) {
  const onEvent = () => {
    stop();
    client.removeListener(event, onEvent);
    done();
  };
  client.on(event, onEvent);
  const stop = watchEnd(client, (error) => {
    client.removeListener(event, onEvent);
    done(error || manuallyClosed());
  });
}

/** Sends a message once the client is open, and calls `done` once there is room for the next, or with what is wrong. */
function write(client, data, done) {
  if (client.state !== 'OPEN') {
    awaitEvent(client, 'open', (error) => (error ? done(error) : write(client, data, done)));
    return;
  }
  let hasRoom;
  try {
    hasRoom = client.send(data);
  } catch (error) {
    done(error);
    return;
  }
  if (hasRoom) done();
  else awaitEvent(client, 'drain', done);
}

module.exports = { write };
