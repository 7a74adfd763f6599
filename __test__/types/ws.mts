// What is written against the types of ws compiles, and each line below `@ts-expect-error` would not without it.
import WebSocket, { createWebSocketStream, WebSocket as Named, WebSocketServer } from 'websocket-reconnect-native/ws';

const options: WebSocket.ClientOptions = { headers: { Authorization: 'x' }, handshakeTimeout: 1000, maxPayload: 1 };
const ws = new WebSocket('wss://localhost', ['one'], options);
new WebSocket(new URL('wss://localhost'), { protocols: 'one', perMessageDeflate: false, ca: 'pem' });
const named: WebSocket = new Named('ws://localhost');
class Mine extends WebSocket {
  mine = true;
}
const mine: boolean = new Mine('ws://localhost').mine;

ws.on('open', function () {
  this.send('x');
});
ws.on('message', (data: WebSocket.RawData, isBinary) => {
  const flag: boolean = isBinary;
  return Buffer.isBuffer(data) && data.toString() === String(flag);
});
ws.once('close', (code, reason) => code.toFixed() + reason.toString('hex'));
ws.on('unexpected-response', (request, response) => {
  request.destroy(new Error(String(response.statusCode)));
  response.pipe(process.stdout);
});
ws.on('upgrade', ({ headers }) => headers.upgrade);
ws.on('own', (anything) => anything);
ws.onmessage = ({ data, target }) => target.send(data);
ws.onclose = (event: WebSocket.CloseEvent) => event.wasClean;
ws.addEventListener('error', ({ error, message }: WebSocket.ErrorEvent) => message + error.code, { once: true });
ws.send(new Uint8Array(1), { binary: true, fin: false }, (error) => error?.message);
ws.send('x', (error) => error);
ws.ping('x', false, () => {});
ws.ping(() => {});
ws.pong();
ws.close(1000, 'bye');
ws.terminate();
ws.binaryType = 'fragments';
const state: 0 | 1 | 2 | 3 = ws.readyState;
const open: 1 = WebSocket.OPEN;
createWebSocketStream(ws, { encoding: 'utf8' }).pipe(process.stdout);
new WebSocketServer({ port: 0 });
new WebSocket.Server({ port: 0 });

// @ts-expect-error: an address is needed
new WebSocket();
// @ts-expect-error: an agent cannot work here
new WebSocket('ws://localhost', { agent: {} });
// @ts-expect-error: there is no such type
ws.binaryType = 'text';
// @ts-expect-error: it cannot be written
ws.readyState = 1;
// @ts-expect-error: a code is a number
ws.close('1000');
