import { WebSocketReconnect } from 'websocket-reconnect-native';

/** What the server says. */
export async function hello() {
  const ws = new WebSocketReconnect({ url: process.env.SERVER, headers: { 'X-From': 'a bundle' } });
  const said = new Promise((resolve) => ws.once('message', ({ data }) => resolve(data)));
  await ws.connect();
  const text = await said;
  ws.close();
  return text;
}
