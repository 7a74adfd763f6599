'use strict';

const { client: WebSocketClient } = require('websocket');

/** Opens a connection as users of `websocket` do. */
function open(url, { onMessage = (_) => {}, onClose = (_) => {} }) {
  return new Promise((resolve, reject) => {
    const client = new WebSocketClient();
    client.on('connectFailed', reject);
    client.on('connect', (connection) => {
      const closed = new Promise((done) => connection.once('close', done));
      connection.on('message', (message) =>
        onMessage(message.type === 'utf8' ? message.utf8Data : message.binaryData),
      );
      connection.on('error', reject);
      connection.on('close', (_, reason) => onClose(reason));
      resolve({
        send: (data) => connection.send(data),
        close: () => {
          connection.close();
          return closed;
        },
      });
    });
    client.connect(url);
  });
}

module.exports = { open };
