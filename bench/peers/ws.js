'use strict';

const { once } = require('events');
const WebSocket = require('ws');

const ignore = () => {};

/** Opens a connection as users of `ws` do. */
function open(url, { onMessage = (_) => {}, onClose = (_) => {} }) {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(url);
    const closed = new Promise((done) => client.once('close', done));
    client.on('message', (data, isBinary) => onMessage(isBinary ? data : data.toString()));
    client.on('error', reject);
    client.on('close', (_, reason) => onClose(reason.toString()));
    client.on('open', () =>
      resolve({
        send: (data) => client.send(data),
        close: () => {
          client.close();
          return closed;
        },
      }),
    );
  });
}

/** Opens a connection whose only handler is one that all share. */
async function hold(url) {
  const client = new WebSocket(url);
  client.on('message', ignore);
  await once(client, 'open');
  return client;
}

module.exports = { open, hold };
