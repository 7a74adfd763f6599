'use strict';

/** What was sent and has to wait, in order: Blobs, which are read one by one, and what was sent behind them. */
class Unread {
  /** `done` is called whenever nothing waits any more. */
  constructor(done) {
    this.done = done;
    this.items = [];
    /** The bytes of what waits. */
    this.bytes = 0;
    /** The user was told that it is too much. */
    this.isAbove = false;
  }

  /** Adds what `run` sends, which is so many bytes long; `failed` is called with what that throws. */
  add(size, run, failed) {
    this._add({ size, run, failed });
  }

  /** Adds a Blob: `run` is called with its bytes, or `failed` with why it cannot be read. */
  addBlob(blob, run, failed) {
    this._add({ blob, size: blob.size, run, failed });
  }

  _add(item) {
    this.bytes += item.size;
    this.items.push(item);
    if (this.items.length === 1) this._advance();
  }

  /** Sends what is first, up to the next Blob, whose reading begins. */
  _advance() {
    while (this.items.length > 0) {
      const { blob, run, failed } = this.items[0];
      if (blob !== undefined) {
        const goOn = () => {
          this._leave();
          this._advance();
        };
        const reading = new Promise((resolve) => resolve(blob.arrayBuffer()));
        reading
          .then((bytes) => run(new Uint8Array(bytes)))
          .then(undefined, failed)
          .then(goOn);
        return;
      }
      // What one throws holds up nothing that waits behind it.
      try {
        run();
      } catch (error) {
        failed(error);
      }
      this._leave();
    }
    this.done();
  }

  _leave() {
    this.bytes -= this.items.shift().size;
  }
}

module.exports = { Unread };
