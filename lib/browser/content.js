'use strict';

// What is sent, as a WebSocket of a browser takes it.

const { badType, coded } = require('../errors.js');
const { later } = require('../loop.js');
const { checkSending } = require('../options/sending.js');
const { unsupported } = require('./unsupported.js');

const SENDABLE = 'a string, ArrayBuffer, TypedArray, DataView or Blob';

function badData(trouble) {
  return coded(TypeError, 'WSR_ERR_ARGUMENT', `data: ${trouble}; allowed is ${SENDABLE}`);
}

const tagOf = (value) => Object.prototype.toString.call(value);

/** Whether what is sent are bytes as they are taken most often. */
const isBytes = (data) => ArrayBuffer.isView(data) && data instanceof Uint8Array && data.length > 0;

/** The bytes of what is sent; undefined for a Blob, and it throws for what is no message. */
function bytesOf(data) {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const tag = tagOf(data);
  if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') {
    try {
      return new Uint8Array(data);
    } catch (_error) {
      throw badData('is detached from its memory');
    }
  }
  const isBlob = tag === '[object Blob]' || tag === '[object File]';
  if (isBlob && typeof data.arrayBuffer === 'function') return undefined;
  throw badType('data', data, SENDABLE, 'WSR_ERR_ARGUMENT');
}

const contentOf = (data) => (typeof data === 'string' || isBytes(data) ? data : bytesOf(data));

/** Text or bytes as the user wants them sent: `binary` is whether as bytes, undefined as they are. */
function inForm(content, binary) {
  const isText = typeof content === 'string';
  if (binary === undefined || binary === !isText) return content;
  if (isText) return new TextEncoder().encode(content);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (_error) {
    throw badData('is not UTF-8, which text has to be');
  }
}

/** Text or bytes, which the user may not write into any more. */
const copyOf = (content) => (typeof content === 'string' ? content : content.slice());

/** How many bytes text or bytes are. */
function sizeOf(content) {
  if (typeof content !== 'string') return content.byteLength;
  let size = content.length;
  for (let i = 0; i < content.length; i += 1) {
    const unit = content.charCodeAt(i);
    // A surrogate of a pair is half of four bytes.
    if (unit >= 0x80) size += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return size;
}

/** The options of one message, checked. A browser sends it as it likes. */
function sendOptions(options) {
  const given = checkSending(options);
  for (const name of ['compress', 'fin', 'mask']) {
    if (given[name] === false) throw unsupported(`options.${name}`, 'a WebSocket frames messages by itself');
  }
  return { binary: given.binary, wish: { plain: false, volatile: given.volatile === true } };
}

/** What tells a callback, later, what became of its message; none where there is none. */
function tellerOf(callback) {
  if (callback === undefined || callback === null) return undefined;
  if (typeof callback !== 'function') throw badType('callback', callback, 'a function', 'WSR_ERR_ARGUMENT');
  return (...error) => later(() => callback(...error));
}

/** A binary message, which has memory of its own: Uint8Array is what Buffer is made of. */
const binaryOf = (type, chunk) => (type === 'nodebuffer' ? new Uint8Array(chunk) : chunk);

/** All of it, as the engine is handed it. */
const content = { binaryOf, bytesOf, contentOf, copyOf, inForm, isBytes, sendOptions, sizeOf, tellerOf };

module.exports = content;
