'use strict';

const WebSocket = require('ws');

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

module.exports = { open };
