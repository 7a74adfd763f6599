/** Puts the `WebSocket` of `websocket-reconnect-native/websocket` in the place of the global one. */
export {};
