import { NextResponse } from 'next/server';
import { WebSocketReconnect } from 'websocket-reconnect-native';

export const config = { matcher: '/edge' };

/** No addon loads at the edge: `webSocket` is an option of the portable build alone. */
export function middleware() {
  const { state } = new WebSocketReconnect({ url: process.env.SERVER, webSocket: class {} });
  return new NextResponse(`at the edge: ${state}`);
}
