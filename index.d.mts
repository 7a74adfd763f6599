export * from './index.js';
export { WebSocketReconnect as default } from './index.js';
