import { WebSocketReconnect } from './index.js';

export { WebSocketReconnect };
export default WebSocketReconnect;
