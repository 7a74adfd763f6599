'use strict';

const { createHash } = require('crypto');
const { STATUS_CODES } = require('http');
const { clearTimeout, setTimeout } = require('timers');
const { badType } = require('../errors.js');
const { Arrivals, inVain } = require('./arrivals.js');
const { FrameReader, OPCODE, Violation, endingOf, frame, textOf } = require('./frames.js');

/** RFC 6455, 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The head of an answer; `headers`: name, value, name, value, … */
function headOf(status, headers) {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] || 'Unknown'}`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Bytes as they are sent. */
function bytesOf(data) {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  throw badType('data', data, 'a string, an ArrayBuffer or a view of one', 'WSR_ERR_ARGUMENT');
}

/** A handshake that a client has sent to the server, and what becomes of it. */
class Connection {
  /**
   * @param {import('http').IncomingMessage} request
   * @param {import('net').Socket} socket
   * @param {{ onMessage: (data: string | Buffer) => void, onLeft: () => void }} server What the server is told.
   */
  constructor(request, socket, { onMessage, onLeft }) {
    this.request = request;
    this.socket = socket;
    this.onMessage = onMessage;
    this.onLeft = onLeft;
    /** The subprotocol that is agreed on: the first that the client offers. */
    this.protocol = (request.headers['sec-websocket-protocol'] || '').split(',')[0].trim();
    this.isOpen = false;
    /** It reads nothing any more. */
    this.isSilent = false;
    /** @type {((data: string | Buffer) => string | Buffer) | undefined} What it sends back for a message. */
    this.answer = undefined;
    this.pings = 0;
    this.messages = new Arrivals('message of the connection');
    this.endings = new Arrivals('end of the connection');
    /** What the client's close frame said. */
    this.ending = undefined;
    this.hasSentClose = false;
    this.timer = undefined;
    this.reader = new FrameReader((opcode, payload) => this.take(opcode, payload));
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('close', () => this.left());
  }

  /** Whether the connection is there, as far as the server can see. */
  get isHere() {
    return !this.socket.destroyed && !this.isSilent;
  }

  get received() {
    return this.messages.items;
  }

  next(options) {
    return this.messages.next(options);
  }

  ended(options) {
    return this.endings.at(0, options);
  }

  // The handshake.

  /** The answer that accepts. */
  acceptance() {
    const key = this.request.headers['sec-websocket-key'];
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    const headers = ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Accept', accept];
    return headOf(
      101,
      this.protocol === '' ? headers : [...headers, 'Sec-WebSocket-Protocol', this.protocol],
    );
  }

  accept() {
    if (this.isOpen) return;
    this.socket.write(this.acceptance());
    this.isOpen = true;
  }

  /** Accepts byte by byte, in `time` ms. */
  acceptSlowly(time) {
    const bytes = Buffer.from(this.acceptance());
    const send = (index) => {
      this.socket.write(bytes.subarray(index, index + 1));
      this.isOpen = index === bytes.length - 1;
      if (!this.isOpen) this.timer = setTimeout(send, time / bytes.length, index + 1);
    };
    send(0);
  }

  refuse(status, headers, body) {
    const length = ['Connection', 'close', 'Content-Length', Buffer.byteLength(body)];
    this.socket.end(headOf(status, [...headers, ...length]) + body);
  }

  // What is sent.

  send(data) {
    this.write(frame(typeof data === 'string' ? OPCODE.text : OPCODE.binary, bytesOf(data)));
  }

  ping(data = '') {
    this.write(frame(OPCODE.ping, bytesOf(data)));
  }

  close(code = 1000, reason = '') {
    const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
    payload.writeUInt16BE(code, 0);
    this.write(frame(OPCODE.close, payload));
    this.hasSentClose = true;
  }

  /** Sends bytes as they are. */
  write(bytes) {
    if (this.socket.destroyed) throw inVain('the connection has ended');
    this.socket.write(bytesOf(bytes));
  }

  // Its end.

  drop() {
    this.socket.end(() => this.socket.destroy());
  }

  reset() {
    const { socket } = this;
    if (typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy();
    else socket.destroy();
  }

  silence() {
    this.isSilent = true;
    this.socket.pause();
    this.onLeft();
  }

  left() {
    clearTimeout(this.timer);
    this.isOpen = false;
    this.endings.push(this.ending || { code: 1006, reason: '' });
    this.messages.stop('it has ended');
    this.onLeft();
  }

  // What arrives.

  read(chunk) {
    // Before the handshake is answered, a client has nothing to say.
    if (!this.isOpen || this.ending !== undefined) return;
    try {
      this.reader.feed(chunk);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (!this.hasSentClose) this.close(error.closeCode, error.message);
      this.socket.end();
    }
  }

  take(opcode, payload) {
    if (this.ending !== undefined) return;
    switch (opcode) {
      case OPCODE.ping:
        this.pings += 1;
        this.socket.write(frame(OPCODE.pong, payload));
        return;
      case OPCODE.pong:
        return;
      case OPCODE.close:
        this.ending = endingOf(payload);
        if (!this.hasSentClose) this.socket.write(frame(OPCODE.close, payload));
        this.socket.end();
        return;
      default: {
        const data = opcode === OPCODE.text ? textOf(payload) : payload;
        this.messages.push(data);
        this.onMessage(data);
        if (this.answer !== undefined && !this.hasSentClose) this.send(this.answer(data));
      }
    }
  }
}

module.exports = { Connection };
