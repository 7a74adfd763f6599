'use strict';

const assert = require('assert');
const { createClient } = require('graphql-ws');
const { startGraphQLServer } = require('../../examples/servers/graphql-server.js');
const { SOON, after, counted, until } = require('./support.js');

function client(url) {
  const Kind = counted();
  const made = createClient({
    url,
    webSocketImpl: Kind,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, SOON)),
  });
  after(() => made.dispose());
  return { made, Kind };
}

/** What a subscription gives, and a promise of its end. */
function subscribe(made, query) {
  const results = [];
  const end = new Promise((complete, error) => {
    made.subscribe({ query }, { next: (result) => results.push(result.data), error, complete });
  });
  return { results, end };
}

describe('graphql-ws', () => {
  it('gets all of a subscription, and what a mutation gives', async () => {
    const server = await startGraphQLServer();
    after(() => server.stop());
    const { made, Kind } = client(server.url);
    const { results, end } = subscribe(made, 'subscription { countdown(from: 3) }');
    await end;
    assert.deepStrictEqual(
      results.map(({ countdown }) => countdown),
      [3, 2, 1, 0],
    );
    const mutation = subscribe(made, 'mutation { addNote(text: "milk") { id text } }');
    await mutation.end;
    assert.deepStrictEqual(mutation.results, [{ addNote: { id: 1, text: 'milk' } }]);
    assert.ok(Kind.count > 0);
  });

  it('subscribes again after a restart', async () => {
    const notes = [];
    const first = await startGraphQLServer({ notes });
    const { made, Kind } = client(first.url);
    const { results } = subscribe(made, 'subscription { notes { text } }');
    await until(() => results.length === 1);
    await first.stop();
    notes.push({ id: 1, text: 'bread' });
    const second = await startGraphQLServer({ port: first.port, notes });
    after(() => second.stop());
    await until(() => results.length === 2);
    assert.deepStrictEqual(results[1], { notes: [{ text: 'bread' }] });
    assert.ok(Kind.count > 1);
  });
});
