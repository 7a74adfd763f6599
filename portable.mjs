import portable from './portable.js';

export const { WebSocketReconnect } = portable;
export default WebSocketReconnect;
