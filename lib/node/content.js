'use strict';

const { types } = require('util');
const { currentContext } = require('./context.js');
const { badRange, badType, coded } = require('../errors.js');
const { nextTick } = require('../loop.js');
const { checkSending } = require('../options/sending.js');

const SENDABLE = 'a string, Buffer, ArrayBuffer, TypedArray, DataView or Blob';

function badData(trouble) {
  return coded(TypeError, 'WSR_ERR_ARGUMENT', `data: ${trouble}; allowed is ${SENDABLE}`);
}

/** Whether what is sent are bytes as they are taken most often. */
function isBytes(data) {
  return ArrayBuffer.isView(data) && data instanceof Uint8Array && data.length > 0;
}

/** A Blob or a File, of Node or of jsdom: it has to be read first. */
function isBlob(data) {
  if (data === null || typeof data !== 'object' || typeof data.arrayBuffer !== 'function') return false;
  return ['[object Blob]', '[object File]'].includes(Object.prototype.toString.call(data));
}

/** The bytes of what is sent as a Uint8Array, of this realm or another; none where it is no binary. */
function viewOf(data) {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}

/** The same for what is neither text nor plainly bytes; undefined for a Blob, and it throws for what is no message. */
function bytesOf(data) {
  let bytes;
  try {
    // Of memory that was given away to a worker no view can be made.
    bytes = viewOf(data);
  } catch (_error) {
    throw badData('is detached from its memory');
  }
  if (bytes === undefined && !isBlob(data)) throw badType('data', data, SENDABLE, 'WSR_ERR_ARGUMENT');
  return bytes;
}

/** Text or bytes; undefined for a Blob. */
const contentOf = (data) => (typeof data === 'string' || isBytes(data) ? data : bytesOf(data));

/** Bytes as the text that they are. */
function textOf(bytes) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString();
  if (!Buffer.from(text).equals(buffer)) throw badData('is not UTF-8, which text has to be');
  return text;
}

/** Text or bytes as the user wants them sent: `binary` is whether as bytes, undefined as they are. */
function inForm(content, binary) {
  const isText = typeof content === 'string';
  if (binary === undefined || binary === !isText) return content;
  return isText ? Buffer.from(content) : textOf(content);
}

/** Text or bytes, which the user may not write into any more. */
const copyOf = (content) => (typeof content === 'string' ? content : Buffer.from(content));

/** How many bytes text or bytes are. */
const sizeOf = (content) => Buffer.byteLength(content);

/** The options of one message, checked. */
function sendOptions(options) {
  const given = checkSending(options);
  const whole = { fin: 'true: a message goes out as a whole', mask: 'true: a server takes no other frames' };
  for (const name of Object.keys(whole)) {
    if (given[name] === false) throw badRange(`options.${name}`, false, whole[name]);
  }
  return {
    binary: given.binary,
    wish: { plain: given.compress === false, volatile: given.volatile === true },
  };
}

/** What tells a callback, later and in the async context of the call, what became of its message; none where there is none. */
function tellerOf(callback) {
  if (callback === undefined || callback === null) return undefined;
  if (typeof callback !== 'function') throw badType('callback', callback, 'a function', 'WSR_ERR_ARGUMENT');
  const context = currentContext();
  return (...error) => context.runInAsyncScope(nextTick, undefined, callback, ...error);
}

module.exports = { bytesOf, contentOf, copyOf, inForm, isBlob, isBytes, sendOptions, sizeOf, tellerOf };
