'use strict';

const net = require('net');
const tls = require('tls');

const OPENED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** What was started, and the connections to it. */
const started = new Set();

/** Listens on a free port of 127.0.0.1, and returns that. */
async function listen(server) {
  started.add(server);
  const hold = (socket) => {
    started.add(socket);
    socket.on('error', () => {});
  };
  server.on('connection', hold);
  server.on('secureConnection', hold);
  server.on('tlsClientError', () => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

/** Passes on what comes, both ways; every host is this machine. */
function join(socket, port, begin) {
  const far = net.connect(port, '127.0.0.1', begin);
  started.add(far);
  far.on('error', () => socket.destroy());
  socket.on('close', () => far.destroy());
  socket.pipe(far).pipe(socket);
}

/**
 * An HTTP proxy: `requests` are the heads that it was sent. `answer` is said in the place of opening the tunnel, '' for nothing, and
 * then the connection is closed unless it `stays`. `tls`: options of a server of TLS.
 */
async function startProxy({ answer = undefined, stays = false, tls: options = undefined } = {}) {
  const requests = [];
  const serve = (socket) => {
    let head = '';
    const read = (chunk) => {
      head += chunk.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      socket.removeListener('data', read);
      requests.push(head);
      if (answer === undefined) {
        const [, port] = /^CONNECT \S+:(\d+) /.exec(head);
        join(socket, Number(port), () => socket.write(OPENED));
      } else if (stays) socket.write(answer, 'latin1');
      else socket.end(answer, 'latin1');
    };
    socket.on('data', read);
  };
  const server = options ? tls.createServer(options, serve) : net.createServer(serve);
  const port = await listen(server);
  return { host: `127.0.0.1:${port}`, url: `${options ? 'https' : 'http'}://127.0.0.1:${port}`, requests };
}

/** A SOCKS 5 proxy that takes names: `targets` are those that it was asked for. */
async function startSocks() {
  const targets = [];
  const server = net.createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', (request) => {
        const end = 5 + request[4];
        const port = request.readUInt16BE(end);
        targets.push(`${request.toString('latin1', 5, end)}:${port}`);
        join(socket, port, () => socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
      });
    });
  });
  return { url: `socks5h://127.0.0.1:${await listen(server)}`, targets };
}

/** Ends all of them. */
function stopProxies() {
  for (const one of started) {
    if (one instanceof net.Socket) one.destroy();
    else one.close();
  }
  started.clear();
}

module.exports = { startProxy, startSocks, stopProxies };
