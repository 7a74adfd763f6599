'use strict';

/**
 * All servers of a test run, in a process of their own. Commands come as lines of JSON on stdin,
 * `{id, server, method, args}`; the answers go as `{id, result}` or `{id, error}` to stdout.
 */
const { createHash } = require('crypto');
const http = require('http');
const https = require('https');
const net = require('net');
const readline = require('readline');
const WebSocket = require('ws');
const { random } = require('../support/random.js');

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Longer messages are told by their hash. */
const TOLD_WHOLE = 4096;

const servers = new Map();
let lastId = 0;

/** A message as a test is told it. */
function told(data, isBinary) {
  const type = isBinary ? 'binary' : 'text';
  if (data.length > TOLD_WHOLE) {
    return { type, length: data.length, sha1: createHash('sha1').update(data).digest('hex') };
  }
  return { type, data: data.toString(isBinary ? 'hex' : 'utf8') };
}

/**
 * One server and its connections.
 *
 * Options, all of which `behave` changes for the connections to come:
 * - `plan`: how connections are met, one word each, the last for all that follow: `accept` (the default),
 *   `refuse`, `redirect`, `silent` (never answers the upgrade), `cut` (at the upgrade), `bare` (accepted,
 *   but no frame is answered), `garbage` (an upgrade with `upgrade`, the bytes of its response; then the end of the
 *   connection, unless it `stays`);
 * - `status`, `headers`, `body`: of a refusal or redirect; `location` of a redirect;
 * - `echo`: sends each message back; `greet`: texts sent at the connection, or `greetAfter` so many ms; `greetRaw`: bytes in hex,
 *   in the same packet as the bare handshake's answer; `extensions`: those that answer claims;
 * - `protocol`: the subprotocol chosen, else the first offered; `deflate`: options of permessage-deflate;
 * - `chaos`: a seed: each connection is met and treated as chance has it; its messages are numbered
 *   `connection:number`;
 * - `tls`: options of `https.createServer`; `host`: where to listen; `maxPayload`;
 * - `obeys`: cuts the connection on which `cut` is heard;
 * - `burst`: `{count, size}` of texts sent at the connection; `tick`: a ping every so many ms.
 */
class Server {
  constructor(options) {
    this.options = options;
    this.met = 0;
    this.seen = [];
    this.links = [];
    this.sockets = new Set();
    this.messages = [];
    this.waiting = new Set();
    this.http = options.tls ? https.createServer(options.tls) : http.createServer();
    this.http.on('connection', (socket) => this.hold(socket));
    this.http.on('secureConnection', (socket) => this.hold(socket));
    this.http.on('tlsClientError', () => {});
    this.http.on('upgrade', (request, socket, head) => this.meet(request, socket, head));
    this.upgrader = new WebSocket.Server({
      noServer: true,
      perMessageDeflate: options.deflate || false,
      maxPayload: options.maxPayload || 256 * 1024 * 1024,
      handleProtocols: (offered) => this.options.protocol || offered.values().next().value,
    });
  }

  listen(port) {
    return new Promise((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(port, this.options.host || '127.0.0.1', () => {
        this.port = this.http.address().port;
        resolve();
      });
    });
  }

  hold(socket) {
    this.sockets.add(socket);
    socket.on('error', () => {});
    // The sockets of a http server stay half open otherwise.
    socket.on('end', () => socket.end());
    socket.on('close', () => this.sockets.delete(socket));
    this.tell();
  }

  /**
   * Connects to itself. While that connection is there, a port on which nobody listens is given to nobody else: neither to
   * another server nor to a client, whose attempt to connect to it would then reach itself.
   */
  async keepPort() {
    const socket = net.connect(this.port, this.options.host || '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    await this.until(() => [...this.sockets].find(({ remotePort }) => remotePort === socket.localPort));
  }

  meet(request, socket, head) {
    if (this.options.chaos !== undefined) this.chance = this.chance || random(this.options.chaos);
    const {
      plan = this.chance ? [this.anyWay()] : ['accept'],
      status = 503,
      headers = {},
      body = '',
      location,
      upgrade,
      stays = false,
    } = this.options;
    const how = plan[Math.min(this.met, plan.length - 1)];
    this.met += 1;
    this.seen.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      servername: socket.servername,
      client: socket.remoteAddress,
      certificate: socket.getPeerCertificate ? socket.getPeerCertificate().subject : undefined,
      tlsVersion: socket.getProtocol ? socket.getProtocol() : undefined,
      resumed: socket.isSessionReused ? socket.isSessionReused() : undefined,
    });
    const answer = (code, more) => {
      const lines = Object.entries({
        Connection: 'close',
        ...more,
        ...headers,
        'Content-Length': Buffer.byteLength(body),
      });
      socket.end(
        `HTTP/1.1 ${code} ${http.STATUS_CODES[code]}\r\n${lines
          .flatMap(([name, value]) => [].concat(value).map((one) => `${name}: ${one}\r\n`))
          .join('')}\r\n${body}`,
      );
    };
    const ways = {
      accept: () => this.upgrader.handleUpgrade(request, socket, head, (ws) => this.accept(ws, socket)),
      bare: () => this.acceptBare(request, socket),
      refuse: () => answer(status, {}),
      redirect: () => answer(status === 503 ? 302 : status, { Location: location }),
      silent: () => {},
      cut: () => socket.destroy(),
      garbage: () => (stays ? socket.write(upgrade, 'latin1') : socket.end(upgrade, 'latin1')),
    };
    ways[how]();
    this.tell();
  }

  accept(ws, socket) {
    const link = { ws, socket, open: true, pings: 0, pongs: [], ending: null };
    const index = this.links.push(link) - 1;
    ws.on('message', (data, isBinary) => {
      this.messages.push({ connection: index, ...told(data, isBinary) });
      if (this.options.obeys && data.toString() === 'cut') socket.destroy();
      else if (this.options.echo) ws.send(data, { binary: isBinary });
      this.tell();
    });
    ws.on('ping', () => {
      link.pings += 1;
      this.tell();
    });
    ws.on('pong', (data) => {
      link.pongs.push(data.toString());
      this.tell();
    });
    ws.on('error', () => {});
    ws.on('close', (code, reason) => {
      link.open = false;
      link.ending = { code, reason: reason.toString() };
      this.tell();
    });
    const { greet = [], greetAfter, burst, tick } = this.options;
    const ticking = tick && setInterval(() => ws.ping(), tick);
    ws.on('close', () => clearInterval(ticking));
    if (this.chance) this.misbehave(link, index);
    const sayHello = () => greet.forEach((text) => ws.send(text));
    if (greetAfter) setTimeout(sayHello, greetAfter);
    else sayHello();
    for (let i = 0; burst && i < burst.count; i++) ws.send(`${i} `.padEnd(burst.size, '.'));
    this.tell();
  }

  anyWay() {
    return this.chance.of([
      'accept',
      'accept',
      'accept',
      'accept',
      'accept',
      'refuse',
      'refuse',
      'cut',
      'cut',
      'silent',
    ]);
  }

  /** Sends numbered messages and then does what chance has. */
  misbehave({ ws, socket }, index) {
    let number = 0;
    const send = (count) => {
      for (let i = 0; i < count; i++) ws.send(`${index}:${number++}`);
    };
    const badFrame = Buffer.from('830161', 'hex');
    const deeds = [
      () => ws.close(this.chance.of([1000, 1001, 1011, 1012, 4000]), 'chance'),
      () => socket.destroy(),
      () => socket.resetAndDestroy(),
      () => socket.pause(),
      () => socket.write(badFrame),
      () => send(500),
      () => {},
    ];
    send(this.chance.below(10));
    const act = () => {
      if (ws.readyState !== WebSocket.OPEN) return;
      send(this.chance.below(10));
      this.chance.of(deeds)();
      setTimeout(act, this.chance.below(60));
    };
    if (this.chance.below(4) === 0) act();
    else setTimeout(act, this.chance.below(60));
  }

  /** Answers the handshake and then no frame; what arrives is written down. */
  acceptBare(request, socket) {
    const key = createHash('sha1')
      .update(request.headers['sec-websocket-key'] + GUID)
      .digest('base64');
    const link = { socket, open: true, pings: 0, pongs: [], ending: null };
    const index = this.links.push(link) - 1;
    const receiver = new WebSocket.Receiver({ isServer: true });
    receiver.on('message', (data, isBinary) => {
      this.messages.push({ connection: index, ...told(data, isBinary) });
      this.tell();
    });
    receiver.on('pong', (data) => {
      link.pongs.push(data.toString());
      this.tell();
    });
    receiver.on('conclude', (code, reason) => {
      link.ending = { code, reason: reason.toString() };
      this.tell();
    });
    receiver.on('error', () => {});
    socket.on('data', (chunk) => receiver.write(chunk));
    socket.on('close', () => {
      link.open = false;
      if (!link.ending) link.ending = { code: 1006, reason: '' };
      this.tell();
    });
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n`;
    const { extensions, greetRaw = '' } = this.options;
    const rest = extensions ? `Sec-WebSocket-Extensions: ${extensions}\r\n\r\n` : '\r\n';
    socket.write(Buffer.concat([Buffer.from(head + rest), Buffer.from(greetRaw, 'hex')]));
    this.tell();
  }

  /** The connection that a command means: by its number, else the newest. */
  link(number) {
    const link = this.links[number === undefined || number === null ? this.links.length - 1 : number];
    if (!link) throw new Error('there is no such connection');
    return link;
  }

  tell() {
    for (const check of [...this.waiting]) check();
  }

  /** Resolves to what `find` gives once that is not undefined. */
  until(find) {
    return new Promise((resolve) => {
      const check = () => {
        const found = find();
        if (found === undefined) return;
        this.waiting.delete(check);
        resolve(found);
      };
      this.waiting.add(check);
      check();
    });
  }
}

const COMMANDS = {
  async start(_, options) {
    const server = new Server(options);
    await server.listen(options.port || 0);
    lastId += 1;
    servers.set(lastId, server);
    return { id: lastId, port: server.port };
  },

  /** The upgrade requests seen so far. */
  handshakes: (server) => server.seen,
  /** Waits for `count` upgrade requests. */
  attempts: (server, count) =>
    server.until(() => (server.seen.length >= count ? server.seen.length : undefined)),
  /** How many connections are open. */
  connections: (server) => server.links.filter((link) => link.open).length,
  /** Waits for `count` connections, open or over. */
  connected: (server, count) =>
    server.until(() => (server.links.length >= count ? server.links.length : undefined)),
  /** Waits for `count` messages and gives all that came: `{connection, type, data}`. */
  received: (server, count) =>
    server.until(() => (server.messages.length >= count ? server.messages : undefined)),
  /** How many pings came. */
  pings: (server) => server.links.reduce((sum, link) => sum + link.pings, 0),
  /** Waits for `count` pongs on a connection and gives their payloads. */
  pongs(server, count, number) {
    const link = server.link(number);
    return server.until(() => (link.pongs.length >= count ? link.pongs : undefined));
  },
  /** Waits until the latest pong is the one with this payload. */
  answered(server, payload, number) {
    const link = server.link(number);
    return server.until(() => link.pongs[link.pongs.length - 1] === payload || undefined);
  },
  /** Waits for the end of a connection (of a bare one: for the close frame) and gives `{code, reason}`. */
  ended(server, number) {
    const link = server.link(number);
    return server.until(() => link.ending || undefined);
  },

  send(server, data, { binary = false, times = 1, connection } = {}) {
    const { ws } = server.link(connection);
    const payload = binary ? Buffer.from(data, 'hex') : data;
    for (let i = 0; i < times; i++) ws.send(payload);
  },
  /** Writes bytes, given in hex, to the socket as they are. */
  raw(server, hex, number) {
    server.link(number).socket.write(Buffer.from(hex, 'hex'));
  },
  close(server, code, reason, number) {
    server.link(number).ws.close(code, reason);
  },
  /** Ends the TCP connection: 'reset' (RST), else in good order. */
  cut(server, how, number) {
    const { socket } = server.link(number);
    if (how === 'reset') socket.resetAndDestroy();
    else socket.destroy();
  },
  /** Falls silent: reads nothing more, and so writes nothing. */
  freeze(server, number) {
    server.link(number).socket.pause();
  },
  /** Reads again. */
  thaw(server, number) {
    server.link(number).socket.resume();
  },
  /** Sends binary messages of a size until so many bytes are out, as fast as the connection takes them. */
  flood(server, { bytes, size }) {
    const { ws } = server.link();
    const data = Buffer.alloc(size, 'x');
    let left = bytes;
    const send = () => {
      if (left <= 0 || ws.readyState !== WebSocket.OPEN) return;
      left -= size;
      ws.send(data, send);
    };
    for (let i = 0; i < 4; i++) send();
  },
  ping(server, data, times = 1, number) {
    for (let i = 0; i < times; i++) server.link(number).ws.ping(data);
  },
  /** Pings without reading until so many pings are out, then once more with the payload `last`. Resolves when all are. */
  pester(server, count, number) {
    const { socket } = server.link(number);
    socket.pause();
    const chunk = Buffer.from('8900'.repeat(32768), 'hex');
    return new Promise((resolve) => {
      const ping = (left) => {
        if (left > 0) socket.write(chunk, () => ping(left - 32768));
        else socket.write(Buffer.from('89046c617374', 'hex'), () => resolve());
      };
      ping(count);
    });
  },
  /** Carries a command out after so many ms: the caller may be blocked by then. */
  later(server, ms, method, ...args) {
    setTimeout(() => COMMANDS[method](server, ...args), ms);
  },
  /** Notes how much has come so far, to be carried out `later`: a caller that is blocked cannot ask. */
  mark(server) {
    const pongs = server.links.reduce((sum, link) => sum + link.pongs.length, 0);
    server.marked = { messages: server.messages.length, pongs, handshakes: server.seen.length };
    server.tell();
  },
  /** Waits for that. */
  marked: (server) => server.until(() => server.marked),
  /** Changes options for the connections to come; a plan starts anew. */
  behave(server, options) {
    Object.assign(server.options, options);
    if (options.plan) server.met = 0;
  },
  /** Refuses TCP connections from here on; those that are open stay. */
  async stopListening(server) {
    await server.keepPort();
    server.http.close();
  },
  listenAgain: (server) => server.listen(server.port),
  shut(server) {
    server.http.close();
    for (const socket of server.sockets) socket.destroy();
    servers.forEach((other, id) => other === server && servers.delete(id));
  },
};

async function answer({ id, server, method, args }) {
  const reply = { id };
  try {
    reply.result = await COMMANDS[method](servers.get(server), ...args);
  } catch (error) {
    reply.error = error.message;
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

// The test run is gone: so is whom to tell.
process.stdout.on('error', () => process.exit());
readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => answer(JSON.parse(line)))
  .on('close', () => process.exit());
