import native from './index.js';

export const { WebSocketReconnect } = native;
export default WebSocketReconnect;
