export * from './websocket.js';
export { WebSocket as default } from './websocket.js';
