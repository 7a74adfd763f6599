'use strict';

const { Duplex } = require('stream');
const { nextTick } = require('../loop.js');

/** A WebSocket, ours or one of the real `ws`, as a stream of Node: it ends with the connection. */
class WebSocketStream extends Duplex {
  constructor(ws, options) {
    super({ ...options, autoDestroy: false, emitClose: false, objectMode: false, writableObjectMode: false });
    this.ws = ws;
    /** An error ends the connection by itself. */
    this.hasFailed = false;
    ws.on('message', (data, isBinary) => {
      const isText = !isBinary && this.readableObjectMode;
      if (!this.push(isText ? data.toString() : data)) ws.pause();
    });
    ws.once('error', (error) => {
      if (this.destroyed) return;
      this.hasFailed = true;
      this.destroy(error);
    });
    ws.once('close', () => {
      if (!this.destroyed) this.push(null);
    });
    this.on('end', () => {
      if (!this.destroyed && this.writableFinished) this.destroy();
    });
  }

  /** Calls `run` once the connection is open. */
  whenOpen(run) {
    if (this.ws.readyState === this.ws.CONNECTING) this.ws.once('open', run);
    else run();
  }

  _read() {
    if (this.ws.isPaused) this.ws.resume();
  }

  _write(chunk, _encoding, callback) {
    this.whenOpen(() => this.ws.send(chunk, callback));
  }

  _final(callback) {
    this.whenOpen(() => {
      this.ws.close();
      callback();
      if (this.readableEnded) this.destroy();
    });
  }

  _destroy(error, callback) {
    const { ws } = this;
    let reason = error;
    const closed = () => {
      callback(reason);
      nextTick(() => this.emit('close'));
    };
    if (ws.readyState === ws.CLOSED) {
      closed();
      return;
    }
    // That of an attempt which is given up by this.
    ws.once('error', (given) => {
      reason = given;
    });
    ws.once('close', closed);
    if (!this.hasFailed) ws.terminate();
  }
}

/** Documented in ws.d.ts. */
const createWebSocketStream = (ws, options) => new WebSocketStream(ws, options);

module.exports = { createWebSocketStream };
