'use strict';

/*
 * A chat client that survives its server.
 *
 *   node examples/servers/chat-server.js 8080
 *   node examples/chat-client.js ws://127.0.0.1:8080 ann lobby
 *
 * Stop the server and start it again: the client comes back, joins its room, and sends what was said
 * meanwhile.
 */

const { EventEmitter } = require('events');
const readline = require('readline');
const { WebSocketReconnect } = require('../index.js'); // yours: require('websocket-reconnect-native')

/**
 * Events: `joined` {room, user, users}, `message` {room, user, text, at}, `userJoined`, `userLeft`
 * {room, user}, `refused` {error}; `lost` {code, reason}, `retry` {attempt, delay, maxRetries} and
 * `end` {code, reason} of the connection.
 */
class ChatClient extends EventEmitter {
  constructor({ url, user, room, ...options }) {
    super();
    this.user = user;
    this.room = room;
    this.joined = false;
    /** Said while nobody could hear it. */
    this.unsent = [];
    this.ws = new WebSocketReconnect({ url, ...options });
    this.ws.on('open', () => this._join());
    this.ws.on('message', ({ data }) => this._receive(JSON.parse(data)));
    this.ws.on('retry', (info) => this.emit('retry', info));
    this.ws.on('close', (ending) => this._lose(ending));
  }

  /** Resolves once the connection is open, be that after retries. */
  connect() {
    return this.ws.connect();
  }

  /** Says `text` in the room; while there is no connection it waits for the next one. */
  say(text) {
    if (this.joined) this._send({ type: 'message', text });
    else this.unsent.push(text);
  }

  /** Goes to another room, and stays in it over reconnects. */
  enter(room) {
    this.room = room;
    if (this.ws.state === 'OPEN') this._join();
  }

  leave() {
    this.joined = false;
    this.ws.close(1000, 'bye');
  }

  _send(message) {
    this.ws.send(JSON.stringify(message));
  }

  /** The server knows nothing of the connections before: every one has to join. */
  _join() {
    this.joined = false;
    this._send({ type: 'join', user: this.user, room: this.room });
  }

  _receive(message) {
    switch (message.type) {
      case 'pong':
        return;
      case 'joined':
        if (message.room !== this.room || this.ws.state !== 'OPEN') return;
        this.joined = true;
        this.emit('joined', message);
        for (const text of this.unsent.splice(0)) this.say(text);
        return;
      case 'error':
        this.emit('refused', message);
        return;
      default:
        this.emit(message.type, message);
    }
  }

  _lose(ending) {
    this.joined = false;
    const over = this.ws.manualClose || ending.code === 'MAX_RETRIES';
    this.emit(over ? 'end' : 'lost', ending);
  }
}

function show(chat) {
  chat.on('joined', ({ room, users }) => console.log(`* in ${room} with ${users.join(', ')}`));
  chat.on('message', ({ user, text }) => console.log(`${user}: ${text}`));
  chat.on('userJoined', ({ user }) => console.log(`* ${user} came`));
  chat.on('userLeft', ({ user }) => console.log(`* ${user} left`));
  chat.on('refused', ({ error }) => console.log(`* the server says: ${error}`));
  chat.on('lost', ({ code }) => console.log(`* connection lost (${code})`));
  chat.on('retry', ({ attempt, delay, maxRetries }) => {
    console.log(`* reconnecting in ${delay} ms (${attempt} of ${maxRetries})`);
  });
  chat.on('end', ({ code, reason }) => console.log(`* the end: ${code} ${reason}`));
}

function main([url = 'ws://127.0.0.1:8080', user = 'guest', room = 'lobby']) {
  const chat = new ChatClient({ url, user, room, maxRetries: Infinity });
  const input = readline.createInterface({ input: process.stdin });
  show(chat);
  input.on('line', (line) => {
    if (line.startsWith('/room ')) chat.enter(line.slice('/room '.length).trim());
    else chat.say(line);
  });
  input.on('close', () => chat.leave());
  chat.on('end', () => input.close());
  chat.connect();
}

if (require.main === module) main(process.argv.slice(2));

module.exports = { ChatClient };
