'use strict';

// Uses the class of a script tag against the server that the address names, and posts what came back.
const ws = new window.WebSocketReconnect({ url: new URLSearchParams(location.search).get('url') });
const post = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
ws.on('message', ({ data }) => post({ used: data }));
ws.on('giveup', ({ message }) => post({ used: message }));
ws.connect();
ws.send('hello');
