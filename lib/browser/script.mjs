// For a script tag.

import { WebSocketReconnect } from './index.js';

/** @type {any} */ (globalThis).WebSocketReconnect = WebSocketReconnect;
