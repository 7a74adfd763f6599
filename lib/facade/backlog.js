'use strict';

/** What an item costs of the client's room besides its data, in bytes. */
const ITEM = 64;

/** What a paused client has been told and has not delivered, in order. It counts against the client's room. */
class Backlog {
  /** @param {import('../../native/index.js').Client} client */
  constructor(client) {
    this.client = client;
    this.paused = true;
    this.items = [];
    this.cursor = 0;
    /** Notices among the items. */
    this.notices = 0;
    client.pause();
  }

  get isEmpty() {
    return this.cursor === this.items.length;
  }

  /** Keeps the data of a message. */
  addMessage(data) {
    this._add({ data, told: undefined, cost: ITEM + (data.length || data.byteLength || 0) });
  }

  /** Keeps a notice with its time and its moment, as the view takes it. */
  addNotice(notice, at, moment) {
    this.notices += 1;
    this._add({ data: undefined, told: { notice, at, moment }, cost: ITEM });
  }

  /** Keeps all that another one has, behind what is here. */
  append(other) {
    while (!other.isEmpty) {
      const item = other.take();
      if (item.told) this.notices += 1;
      this._add(item);
    }
  }

  /** The next item, which is no longer kept. */
  take() {
    const item = this.items[this.cursor];
    this.items[this.cursor] = undefined;
    this.cursor += 1;
    this.client.hold(-item.cost);
    if (item.told) this.notices -= 1;
    if (this.isEmpty) {
      this.items = [];
      this.cursor = 0;
    }
    return item;
  }

  _add(item) {
    this.items.push(item);
    this.client.hold(item.cost);
  }
}

module.exports = { Backlog };
