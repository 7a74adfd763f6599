import native from './websocket.js';

export const { WebSocket } = native;
export default WebSocket;
