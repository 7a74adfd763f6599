// A server on Bun's own; what it does and says is said in ws_server.js.

const LIMIT = 2 ** 28;

const server = globalThis.Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('', { status: 426 })),
  websocket: {
    perMessageDeflate: true,
    maxPayloadLength: LIMIT,
    backpressureLimit: LIMIT,
    pong: (ws) => void ws.send('pong'),
    message(ws, data) {
      const [command, code, reason] = typeof data === 'string' ? data.slice(0, 64).split(' ') : [];
      if (command === 'close') ws.close(Number(code), reason);
      else if (command === 'ping') ws.ping();
      else ws.send(data, true);
    },
  },
});
console.log(server.port);
process.stdin.on('end', () => process.exit()).resume();
