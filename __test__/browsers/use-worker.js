'use strict';

// Beats, whose times a Worker tells, come back from a server that echoes.
const { WebSocketReconnect } = /** @type {any} */ (globalThis);
const ws = new WebSocketReconnect({
  url: new URLSearchParams(location.search).get('url'),
  timers: 'worker',
  heartbeatInterval: 50,
  heartbeatMessage: 'beat',
});
let beats = 0;
ws.on('message', ({ data }) => {
  beats += 1;
  if (beats < 3) return;
  ws.terminate();
  fetch('/result', { method: 'POST', body: JSON.stringify({ used: data === 'beat' ? 'hello' : data }) });
});
ws.connect();
