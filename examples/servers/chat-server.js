'use strict';

/*
 * The chat client's server: rooms of users, messages as JSON. It serves the client's page too.
 *
 *   node examples/servers/chat-server.js [port]
 */

const { once } = require('events');
const { createReadStream } = require('fs');
const { createServer } = require('http');
const path = require('path');
const { WebSocketServer } = require('ws');

function tell(socket, message) {
  socket.send(JSON.stringify(message));
}

/** Who is where. A room exists while somebody is in it. */
class Rooms {
  constructor() {
    this.members = new Map();
  }

  usersIn(room) {
    return [...this.members.values()].filter((member) => member.room === room).map(({ user }) => user);
  }

  tellRoom(room, message) {
    for (const [socket, member] of this.members) {
      if (member.room === room) tell(socket, message);
    }
  }

  join(socket, user, room) {
    this.leave(socket);
    this.tellRoom(room, { type: 'userJoined', room, user });
    this.members.set(socket, { user, room });
    tell(socket, { type: 'joined', room, user, users: this.usersIn(room) });
  }

  leave(socket) {
    const member = this.members.get(socket);
    if (!member) return;
    this.members.delete(socket);
    this.tellRoom(member.room, { type: 'userLeft', ...member });
  }

  say(socket, text) {
    const member = this.members.get(socket);
    if (!member) return tell(socket, { type: 'error', error: 'join a room first' });
    return this.tellRoom(member.room, { type: 'message', ...member, text, at: Date.now() });
  }
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return {};
  }
}

function receive(rooms, socket, data) {
  const { type, user, room, text } = parse(data) || {};
  if (type === 'ping') tell(socket, { type: 'pong' });
  else if (type === 'join' && user && room) rooms.join(socket, String(user), String(room));
  else if (type === 'leave') rooms.leave(socket);
  else if (type === 'message') rooms.say(socket, String(text));
  else tell(socket, { type: 'error', error: 'unknown message' });
}

/** The files of the page, and of what type each is. */
const PAGE = {
  '/': ['examples/chat.html', 'text/html; charset=utf-8'],
  '/chat.js': ['examples/chat.js', 'text/javascript'],
  // Yours: node_modules/websocket-reconnect-native/browser/websocket-reconnect.min.js
  '/websocket-reconnect.min.js': ['browser/websocket-reconnect.min.js', 'text/javascript'],
};

function servePage({ url }, response) {
  const [file, type] = PAGE[url.split('?')[0]] || [];
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Security-Policy': "style-src 'unsafe-inline'; script-src 'self'",
  });
  createReadStream(path.join(__dirname, '..', '..', file))
    .on('error', () => response.destroy())
    .pipe(response);
}

/** Starts listening; `stop()` cuts every connection, as the end of a process would. */
async function startChatServer({ port = 0, host = '127.0.0.1' } = {}) {
  const rooms = new Rooms();
  const http = createServer(servePage);
  const server = new WebSocketServer({ server: http });
  server.on('connection', (socket) => {
    socket.on('message', (data) => receive(rooms, socket, data));
    socket.on('close', () => rooms.leave(socket));
    socket.on('error', () => socket.terminate());
  });
  http.listen(port, host);
  await once(http, 'listening');

  const { port: bound } = /** @type {import('net').AddressInfo} */ (http.address());
  return {
    port: bound,
    url: `ws://${host}:${bound}`,
    page: `http://${host}:${bound}/`,
    stop() {
      for (const socket of server.clients) socket.terminate();
      // Browsers keep connections open that they may ask again on.
      if (http.closeAllConnections) http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
}

if (require.main === module) {
  startChatServer({ port: Number(process.argv[2] || 8080) }).then(
    ({ url, page }) => console.log(`chat server on ${url}, its page at ${page}`),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}

module.exports = { startChatServer };
