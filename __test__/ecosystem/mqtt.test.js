'use strict';

const assert = require('assert');
const { Aedes } = require('aedes');
const mqtt = require('mqtt');
const { createWebSocketStream } = require('ws');
const { SOON, after, asGlobal, counted, stand, until } = require('./support.js');

async function broker() {
  const aedes = await Aedes.createBroker();
  after(() => new Promise((resolve) => aedes.close(resolve)));
  return stand((socket, request) => aedes.handle(createWebSocketStream(socket), request), {
    handleProtocols: () => 'mqtt',
  });
}

async function client(server) {
  const Kind = counted();
  asGlobal(Kind);
  const made = mqtt.connect(server.url, { forceNativeWebSocket: true, reconnectPeriod: SOON });
  made.on('error', () => {});
  after(() => made.endAsync(true));
  const heard = [];
  made.on('message', (topic, payload) => heard.push(`${topic} ${payload}`));
  await made.subscribeAsync('rooms/#', { qos: 1 });
  return { Kind, heard, made };
}

describe('mqtt, by forceNativeWebSocket', () => {
  it('publishes and hears, small and large', async () => {
    const { Kind, heard, made } = await client(await broker());
    await made.publishAsync('rooms/one', 'hello', { qos: 1 });
    await made.publishAsync('rooms/two', 'x'.repeat(300000), { qos: 1 });
    await until(() => heard.length === 2);
    assert.deepStrictEqual(heard, ['rooms/one hello', `rooms/two ${'x'.repeat(300000)}`]);
    assert.strictEqual(Kind.count, 1);
  });

  it('subscribes again after a restart, and publishes what waited', async () => {
    const server = await broker();
    const { Kind, heard, made } = await client(server);
    await server.stop();
    await until(() => !made.connected);
    const published = made.publishAsync('rooms/one', 'in between', { qos: 1 });
    await server.start();
    await published;
    // What waited may be out before the subscription is.
    await until(async () => {
      await made.publishAsync('rooms/one', 'again', { qos: 1 });
      return heard.includes('rooms/one again');
    });
    assert.ok(Kind.count >= 2);
  });
});
