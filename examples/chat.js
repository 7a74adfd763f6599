'use strict';

/*
 * The chat client as a page: `node examples/servers/chat-server.js 8080`, then http://127.0.0.1:8080/?user=ann&room=lobby
 *
 * Stop the server and start it again: the page comes back, joins its room, and sends what was said meanwhile.
 */

const { WebSocketReconnect } = window;
const asked = new URLSearchParams(location.search);
const user = asked.get('user') || `guest-${Math.floor(Math.random() * 1000)}`;
const room = asked.get('room') || 'lobby';

const at = (id) => document.getElementById(id);
const tell = (text) => {
  at('status').textContent = text;
};

function show(text) {
  const line = document.createElement('li');
  line.textContent = text;
  at('messages').append(line);
}

const ws = new WebSocketReconnect({
  url: location.origin.replace(/^http/, 'ws'),
  maxRetries: Infinity,
});

let joined = false;
/** Said while nobody could hear it. */
const unsent = [];

const send = (message) => ws.send(JSON.stringify(message));

function say(text) {
  if (joined) send({ type: 'message', text });
  else unsent.push(text);
}

/** What becomes of a message, by its type. */
const RECEIVE = {
  joined({ users }) {
    joined = true;
    tell(`in ${room} with ${users.join(', ')}`);
    for (const text of unsent.splice(0)) say(text);
  },
  message: (message) => show(`${message.user}: ${message.text}`),
  userJoined: (message) => show(`* ${message.user} came`),
  userLeft: (message) => show(`* ${message.user} left`),
  error: ({ error }) => tell(`the server says: ${error}`),
};

// The server knows nothing of the connections before: every one has to join.
ws.on('open', () => send({ type: 'join', user, room }));
ws.on('message', ({ data }) => {
  const message = JSON.parse(data);
  const receive = RECEIVE[message.type];
  if (receive) receive(message);
});
ws.on('close', ({ code }) => {
  joined = false;
  tell(`connection lost (${code})`);
});
ws.on('retry', ({ attempt, delay }) => tell(`connection lost; try ${attempt} in ${delay} ms`));

at('say').addEventListener('submit', (event) => {
  event.preventDefault();
  say(at('text').value);
  at('text').value = '';
});

ws.connect();
