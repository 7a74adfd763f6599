'use strict';

require('../../register.js');
const { WebSocket } = require('../../websocket.js');

const { enumerable, writable } = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
console.log(globalThis.WebSocket === WebSocket, enumerable, writable);
