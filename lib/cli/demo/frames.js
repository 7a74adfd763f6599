'use strict';

const { createHash } = require('crypto');

/** What a server is asked to show that it understands WebSockets (RFC 6455, 1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** The answer that accepts an upgrade, with the first subprotocol that is offered. */
function accept({ headers }) {
  const key = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
  const offered = headers['sec-websocket-protocol'];
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${key}`,
    ...(offered ? [`Sec-WebSocket-Protocol: ${offered.split(',')[0].trim()}`] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A whole message, or a control frame, as a server sends it. */
function frame(opcode, payload) {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65536 ? 126 : 127;
  if (head[1] === 126) head.writeUInt16BE(length, 2);
  if (head[1] === 127) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** The first frame in `bytes`, as a client sends it, and the bytes behind it; undefined while it is not all there. */
function first(bytes) {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f;
  const mask = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < mask + 4) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const start = mask + 4;
  if (bytes.length < start + length) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let i = 0; i < length; i++) payload[i] ^= bytes[mask + (i & 3)];
  return { opcode: bytes[0] & 0x0f, isLast: bytes[0] >= 0x80, payload, rest: bytes.subarray(start + length) };
}

/** Takes what a client sends, in pieces of any size, and tells each frame: its opcode, payload, and whether it is a message's last. */
function frames(tell) {
  let bytes = Buffer.alloc(0);
  return (piece) => {
    bytes = Buffer.concat([bytes, piece]);
    for (let found = first(bytes); found; found = first(bytes)) {
      bytes = found.rest;
      tell(found.opcode, found.payload, found.isLast);
    }
  };
}

module.exports = { OPCODES, accept, frame, frames };
