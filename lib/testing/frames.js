'use strict';

// The frames of RFC 6455 as a server reads and writes them: without extensions, and strict.

const CONTINUATION = 0;
const OPCODE = Object.freeze({ text: 1, binary: 2, close: 8, ping: 9, pong: 10 });
const KNOWN = [CONTINUATION, ...Object.values(OPCODE)];
const isControl = (opcode) => opcode >= OPCODE.close;

/** The longest message that is read, in bytes. */
const MOST = 256 * 1024 * 1024;

/** A frame that stands for itself. */
function frame(opcode, payload) {
  const { length } = payload;
  const first = 0x80 | opcode;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  const head = Buffer.alloc(length < 65536 ? 4 : 10);
  head[0] = first;
  head[1] = length < 65536 ? 126 : 127;
  head.writeUIntBE(length, head.length === 4 ? 2 : 4, head.length === 4 ? 2 : 6);
  return Buffer.concat([head, payload]);
}

/** What a peer does that RFC 6455 forbids, with the close code that answers it. */
class Violation extends Error {
  constructor(code, message) {
    super(message);
    this.closeCode = code;
  }
}

/** Where the payload of the first frame starts and ends; of a header that is not whole, its end alone. */
function extentOf(bytes) {
  if (bytes.length < 2) return { end: 2 };
  const short = bytes[1] & 0x7f;
  const start = { 126: 8, 127: 14 }[short] || 6;
  if (bytes.length < start) return { end: start };
  let length = short;
  if (short === 126) length = bytes.readUInt16BE(2);
  if (short === 127) length = bytes.readUInt32BE(2) * 2 ** 32 + bytes.readUInt32BE(6);
  return { start, end: start + length };
}

/** The payload that a client has masked. */
function unmasked(bytes, start, end) {
  const payload = Buffer.from(bytes.subarray(start, end));
  for (let i = 0; i < payload.length; i += 1) payload[i] ^= bytes[start - 4 + (i & 3)];
  return payload;
}

/** The text of bytes, which must be UTF-8. */
function textOf(bytes) {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new Violation(1007, 'invalid UTF-8');
  return text;
}

/** What a close frame says. */
function endingOf(payload) {
  if (payload.length === 0) return { code: 1005, reason: '' };
  if (payload.length === 1) throw new Violation(1002, 'a close frame with one byte');
  return { code: payload.readUInt16BE(0), reason: textOf(payload.subarray(2)) };
}

/** Reads what a client sends. */
class FrameReader {
  /** @param {(opcode: number, payload: Buffer) => void} take Is called with each message that is whole, and each control frame. */
  constructor(take) {
    this.take = take;
    this.chunks = [];
    this.size = 0;
    /** Before so many bytes are there, no frame is whole. */
    this.wanted = 2;
    /** Those of the message that has begun. */
    this.fragments = [];
    this.opcode = CONTINUATION;
  }

  /** Takes bytes. A violation is thrown. */
  feed(chunk) {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size < this.wanted) return;
    let bytes = Buffer.concat(this.chunks);
    for (;;) {
      const { start, end } = extentOf(bytes);
      this.wanted = end;
      if (bytes.length >= 2) this.check(bytes, end);
      if (start === undefined || bytes.length < end) break;
      this.read(bytes[0], unmasked(bytes, start, end));
      bytes = bytes.subarray(end);
    }
    this.chunks = [bytes];
    this.size = bytes.length;
  }

  /** That a frame may come now that begins so. */
  check(bytes, end) {
    const [first, second] = bytes;
    const opcode = first & 0x0f;
    if (first & 0x70) throw new Violation(1002, 'a reserved bit is set');
    if (!KNOWN.includes(opcode)) throw new Violation(1002, `the opcode ${opcode} is not known`);
    if (!(second & 0x80)) throw new Violation(1002, 'a frame is not masked');
    if (isControl(opcode)) {
      if (!(first & 0x80)) throw new Violation(1002, 'a control frame is fragmented');
      if ((second & 0x7f) > 125) throw new Violation(1002, 'a control frame is too long');
      return;
    }
    const isAwaited = this.opcode !== CONTINUATION;
    if ((opcode === CONTINUATION) !== isAwaited) throw new Violation(1002, 'a fragment is out of order');
    if (end > MOST) throw new Violation(1009, `a message is longer than ${MOST} bytes`);
  }

  read(first, payload) {
    const opcode = first & 0x0f;
    if (isControl(opcode)) {
      this.take(opcode, payload);
      return;
    }
    if (opcode !== CONTINUATION) this.opcode = opcode;
    this.fragments.push(payload);
    if (!(first & 0x80)) return;
    const whole = Buffer.concat(this.fragments);
    const kind = this.opcode;
    this.fragments = [];
    this.opcode = CONTINUATION;
    this.take(kind, whole);
  }
}

module.exports = { FrameReader, OPCODE, Violation, endingOf, frame, textOf };
