'use strict';

/*
 * The GraphQL client's server: the protocol graphql-transport-ws as `graphql-ws` speaks it. It needs `ws`, `graphql` and
 * `graphql-ws`.
 *
 *   node examples/servers/graphql-server.js [port]
 */

const { EventEmitter, on, once } = require('events');
const { buildSchema } = require('graphql');
const { useServer } = require('graphql-ws/use/ws');
const { WebSocketServer } = require('ws');

const schema = buildSchema(`
  type Note {
    id: Int!
    text: String!
  }

  type Query {
    notes: [Note!]!
  }

  type Mutation {
    addNote(text: String!): Note!
  }

  type Subscription {
    notes: [Note!]!
    countdown(from: Int!): Int!
  }
`);

/** The notes there are, and again after each that is added: who comes back has missed nothing. */
async function* liveNotes(notes, added) {
  yield { notes };
  for await (const _ of added) yield { notes };
}

async function* countdown({ from }) {
  for (let left = from; left >= 0; left -= 1) yield { countdown: left };
}

function rootsOf(notes, news) {
  return {
    query: { notes: () => notes },
    mutation: {
      addNote({ text }) {
        const note = { id: notes.length + 1, text };
        notes.push(note);
        news.emit('added');
        return note;
      },
    },
    subscription: {
      // Listening begins inside this call: a note added right after it is not missed.
      notes: () => liveNotes(notes, on(news, 'added')),
      countdown,
    },
  };
}

/**
 * Starts listening. `notes` are those there are already; `token`, when given, is what clients must show
 * in their `connectionParams`. `stop()` cuts every connection, as the end of a process would.
 *
 * @param {{ port?: number, host?: string, notes?: object[], token?: string }} [options]
 */
async function startGraphQLServer({ port = 0, host = '127.0.0.1', notes = [], token = undefined } = {}) {
  const news = new EventEmitter().setMaxListeners(0);
  const server = new WebSocketServer({ port, host, path: '/graphql' });
  useServer(
    {
      schema,
      roots: rootsOf(notes, news),
      onConnect: ({ connectionParams }) => token === undefined || connectionParams?.token === token,
    },
    server,
  );
  await once(server, 'listening');

  const { port: bound } = server.address();
  return {
    port: bound,
    url: `ws://${host}:${bound}/graphql`,
    stop() {
      for (const socket of server.clients) socket.terminate();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

if (require.main === module) {
  startGraphQLServer({ port: Number(process.argv[2] || 4000) }).then(
    ({ url }) => console.log(`GraphQL server on ${url}`),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}

module.exports = { startGraphQLServer };
