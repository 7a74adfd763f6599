import { WebSocket as Standard } from 'websocket-reconnect-native/websocket';
import { WebSocket } from 'websocket-reconnect-native/ws';

const ws = new WebSocket(process.env.SERVER, { headers: { 'X-From': 'a bundle' } });
ws.on('message', (data) => {
  console.log(String(data));
  ws.close(Standard.withOptions ? 1000 : 4000);
});
