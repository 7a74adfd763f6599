'use strict';

/* The classes `WebSocketReconnect`: this package's, and the skill's on `ws`. */

const ignore = () => {};

/** What opens connections of `WebSocketReconnect` as its users do; heartbeat and circuit at their defaults. */
function openWith({ WebSocketReconnect }) {
  return (url, { onMessage = (_) => {}, onClose = (_) => {}, options = {} }) =>
    new Promise((resolve, reject) => {
      const client = new WebSocketReconnect({ url, ...options });
      let closed = () => {};
      const link = {
        send: (data) => client.send(data),
        close: () =>
          new Promise((done) => {
            closed = done;
            client.close();
          }),
      };
      client.on('message', (event) => onMessage(event.data));
      client.on('error', reject);
      client.on('open', () => resolve(link));
      client.on('close', ({ reason }) => {
        onClose(reason);
        closed();
      });
      client.connect().catch(reject);
    });
}

/** What opens those whose only handler is one that all share. */
function holdWith({ WebSocketReconnect }) {
  return async (url) => {
    const client = new WebSocketReconnect({ url });
    client.on('message', ignore);
    await client.connect();
    return client;
  };
}

module.exports = { openWith, holdWith };
