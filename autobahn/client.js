'use strict';

// One client of the Autobahn Testsuite, forked by run.js, which tells the number of the next case; prints the verdicts as JSON.
// Usage: client.js native|ws ws://127.0.0.1:PORT

const { once } = require('events');
const WebSocket = require('ws');
const { WebSocketReconnect } = require('..');

const DEADLINE = 120000;

/** Opens one connection with each package, echoes if `echo`, resolves to the messages at its end. */
const CLIENTS = {
  native(url, echo) {
    return new Promise((resolve) => {
      const messages = [];
      const client = new WebSocketReconnect({
        url,
        maxRetries: 0,
        heartbeatInterval: 0,
        websocketOptions: { maxPayload: 0, perMessageDeflate: true },
      });
      const limit = setTimeout(() => client.close(), DEADLINE);
      client.on('message', ({ data }) => {
        if (echo && client.state === 'OPEN') client.send(data);
        else messages.push(data);
      });
      client.on('close', ({ code }) => {
        if (code !== 'MAX_RETRIES' && client.manualClose === false) return;
        clearTimeout(limit);
        resolve(messages);
      });
      client.connect();
    });
  },
  ws(url, echo) {
    return new Promise((resolve) => {
      const messages = [];
      const client = new WebSocket(url, { maxPayload: 0, perMessageDeflate: true });
      const limit = setTimeout(() => client.terminate(), DEADLINE);
      client.on('message', (data, isBinary) => {
        if (echo) client.send(data, { binary: isBinary });
        else messages.push(data);
      });
      client.on('error', () => {});
      client.on('close', () => {
        clearTimeout(limit);
        resolve(messages);
      });
    });
  },
};

async function nextCase() {
  process.send('next');
  const [number] = await once(process, 'message');
  return number;
}

async function main([name, server]) {
  const open = CLIENTS[name];
  const [count] = await open(`${server}/getCaseCount`, false);
  for (let number = await nextCase(); number <= Number(count); number = await nextCase()) {
    await open(`${server}/runCase?case=${number}&agent=${name}`, true);
  }
  process.disconnect();
  const [results] = await open(`${server}/results`, false);
  process.stdout.write(JSON.stringify(JSON.parse(String(results))[name]));
}

main(process.argv.slice(2));
