'use strict';

const assert = require('assert');
const { WebsocketProvider } = require('y-websocket');
const Y = require('yjs');
const { setupWSConnection } = require('@y/websocket-server/utils');
const { after, counted, stand, until } = require('./support.js');

/** A document that is shared with all others of that name. */
function share(url, name) {
  const Kind = counted();
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(url, name, doc, {
    WebSocketPolyfill: Kind,
    maxBackoffTime: 100,
    // Else the two find each other in this process.
    disableBc: true,
  });
  after(() => provider.destroy());
  return { Kind, provider, text: doc.getText('text') };
}

describe('y-websocket', () => {
  it('shares a document', async () => {
    const server = await stand(setupWSConnection);
    const [one, two] = [share(server.url, 'shared'), share(server.url, 'shared')];
    one.text.insert(0, 'from one');
    await until(() => two.text.toString() === 'from one');
    two.text.insert(0, 'from two, ');
    await until(() => one.text.toString() === 'from two, from one');
  });

  it('shares after a restart what was written in between', async () => {
    const server = await stand(setupWSConnection);
    const [one, two] = [share(server.url, 'again'), share(server.url, 'again')];
    await until(() => one.provider.synced && two.provider.synced);
    await server.stop();
    await until(() => !one.provider.wsconnected && !two.provider.wsconnected);
    one.text.insert(0, 'one');
    two.text.insert(0, 'two');
    await server.start();
    await until(() => one.text.length === 6 && two.text.length === 6);
    assert.strictEqual(one.text.toString(), two.text.toString());
    assert.ok(one.Kind.count > 1);
  });
});
