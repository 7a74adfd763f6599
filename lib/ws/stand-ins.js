'use strict';

// What listeners of `upgrade` and `unexpected-response` are given in the place of Node's request and response: the engine has
// made the one and read the other.

const EventEmitter = require('events');
const { Readable } = require('stream');
const { coded } = require('../errors.js');

/** The server's answer to the request for an upgrade. */
class Response extends Readable {
  constructor({ statusCode, headers, body = '' }) {
    super({ read() {} });
    this.statusCode = statusCode;
    this.headers = headers;
    this.push(body);
    this.push(null);
  }
}

/** The request that was refused. Ending it is the user's part, by `fail`. */
class Request extends EventEmitter {
  constructor(fail) {
    super();
    this.fail = fail;
  }

  destroy(error = coded(Error, 'ECONNRESET', 'socket hang up')) {
    this.fail(error);
    return this;
  }

  abort() {
    this.destroy();
  }
}

module.exports = { Request, Response };
