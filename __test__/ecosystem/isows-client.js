'use strict';

// Sends a number on each of its connections, one after the other, and prints what it is answered.

const { WebSocket } = require('isows');
const { WebSocket: Ours } = require('../../websocket.js');

let connections = 0;

function connect() {
  const ws = new WebSocket(process.argv[2]);
  ws.onopen = () => {
    connections += 1;
    ws.send(`${connections}`);
  };
  ws.onmessage = ({ data }) => console.log(`${ws instanceof Ours ? 'ours' : 'another'} ${data}`);
  ws.onclose = () => setTimeout(connect, 20);
}

connect();
