'use strict';

const assert = require('assert');
const { make } = require('./support/upgrades.js');

describe('websocketOptions', () => {
  const refused = {
    generateMask: () => {},
    finishRequest: () => {},
    timeout: 5,
    unheardOf: 1,
    toString: 1,
    constructor: 1,
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`${name} is refused by name`, () => {
      assert.throws(
        () => make({ [name]: value }),
        (error) =>
          error.code === 'WSR_ERR_UNSUPPORTED_OPTION' && error.message.includes(`websocketOptions.${name}`),
      );
    });
  }

  it('with the name of what every object has is refused by name', () => {
    for (const name of ['toString', 'constructor', 'hasOwnProperty', '__proto__']) {
      const given = Object.defineProperty({}, name, { value: 1, enumerable: true });
      assert.throws(() => make(given), { code: 'WSR_ERR_UNSUPPORTED_OPTION' }, name);
    }
  });

  it('refused ones that are undefined are not set', () => {
    make({ agent: undefined, checkServerIdentity: undefined });
  });

  it('a name that is not known is told the nearest', () => {
    assert.throws(() => make({ rejectUnauthorised: false }), /did you mean rejectUnauthorized\?/);
    assert.throws(() => make({ perMessageDeflate: { treshold: 5 } }), /did you mean threshold\?/);
  });

  it('what tunes the zlib of ws is taken', () => {
    const zlibDeflateOptions = { chunkSize: 1024, memLevel: 7, level: 3 };
    const zlibInflateOptions = { chunkSize: 10 * 1024 };
    make({
      perMessageDeflate: { zlibDeflateOptions, zlibInflateOptions, concurrencyLimit: 10, threshold: 1024 },
    });
  });

  it('protocolVersion is 13 alone', () => {
    make({ protocolVersion: 13 });
    assert.throws(() => make({ protocolVersion: 8 }), /websocketOptions\.protocolVersion/);
  });

  /** By name: values of the wrong type, then values out of range. */
  const wrong = {
    origin: [[5], []],
    auth: [[5], []],
    handshakeTimeout: [['5'], [-1, NaN]],
    maxPayload: [['5'], [-1, 1.5]],
    followRedirects: [['yes', 1], []],
    maxRedirects: [['5'], [-1, 1.5]],
    perMessageDeflate: [
      [
        'yes',
        5,
        { serverNoContextTakeover: 'no' },
        { clientNoContextTakeover: 1 },
        { serverMaxWindowBits: '9' },
        { threshold: '5' },
        { zlibDeflateOptions: 5 },
        { zlibDeflateOptions: { level: '1' } },
        { zlibDeflateOptions: { strategy: 1 } },
        { zlibDeflateOptions: { toString: 1 } },
        { zlibInflateOptions: [] },
        { zlibInflateOptions: { windowBits: 9 } },
        { concurrencyLimit: '5' },
        { treshold: 5 },
        { constructor: 5 },
      ],
      [
        { clientMaxWindowBits: 16 },
        { threshold: -1 },
        { zlibDeflateOptions: { memLevel: 10 } },
        { zlibDeflateOptions: { chunkSize: 0 } },
        { concurrencyLimit: 0 },
      ],
    ],
    closeTimeout: [['5'], [-1, NaN]],
    localAddress: [[5], []],
    servername: [[5], []],
    rejectUnauthorized: [['no', 0], []],
    ca: [[5, true], []],
    cert: [[5], []],
    key: [[5], []],
    passphrase: [[5], []],
    pfx: [[5], []],
  };
  for (const [name, [types, values]] of Object.entries(wrong)) {
    it(`${name} of a wrong type or value is refused by name`, () => {
      const refusedAs = (Kind) => (error) =>
        error instanceof Kind && error.message.includes(`websocketOptions.${name}`);
      for (const value of types) assert.throws(() => make({ [name]: value }), refusedAs(TypeError));
      for (const value of values) assert.throws(() => make({ [name]: value }), refusedAs(RangeError));
    });

    it(`${name} undefined or null takes its default`, () => {
      make({ [name]: undefined });
      make({ [name]: null });
    });
  }
});
