'use strict';

/** Opens a connection with the WebSocket that the runtime brings along. */
function open(url, { onMessage = (_) => {}, onClose = (_) => {} }) {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(url);
    client.binaryType = 'arraybuffer';
    const closed = new Promise((done) => client.addEventListener('close', done));
    client.onmessage = (event) => onMessage(event.data);
    client.onerror = (event) => reject(event.error || new Error(event.message));
    client.onclose = (event) => onClose(event.reason);
    client.onopen = () =>
      resolve({
        send: (data) => client.send(data),
        close: () => {
          client.close();
          return closed;
        },
      });
  });
}

module.exports = { open };
