'use strict';

const assert = require('assert');
const { startNginx } = require('../peer/nginx.js');
const { startAiohttp, startBun, startWs } = require('../peer/programs.js');
const { startPython } = require('../peer/python.js');
const { closeClients, openClient } = require('../support/clients.js');
const { random } = require('../support/random.js');

const INSTALL_MS = 180000;
const MIB = 2 ** 20;
/** Both sides of each form of a frame's length, and beyond what one read takes. */
const SIZES = [0, 125, 126, 65535, 65536, MIB, 64 * MIB];
/** Within every compressor's window: quick to compress, and small on the wire. */
const TEXT_PERIOD = 3001;
/** Beyond every window, so that compressed bytes fill the wire too. */
const BYTES_PERIOD = 65535;

/** Each width in UTF-8, at every offset of the buffers that cut the message. */
const CHARACTERS = [...'abc xyz 0189,.äßñ€漢字😀🦀'];

/** Text of so many bytes in UTF-8. */
function textOf(bytes, chance) {
  let text = '';
  for (let left = bytes; left > 0; ) {
    const character = chance.of(CHARACTERS);
    const width = Buffer.byteLength(character);
    text += width <= left ? character : 'x'.repeat(left);
    left -= Math.min(width, left);
  }
  return text;
}

/** A text and bytes of that size; each repeats itself after its period. */
function messages(size) {
  const chance = random(size);
  const period = textOf(TEXT_PERIOD, chance);
  const text = period.repeat(Math.floor(size / TEXT_PERIOD)) + textOf(size % TEXT_PERIOD, chance);
  // Of 7 bits each: compressed they are no more than the limits of both sides.
  const part = Array.from({ length: BYTES_PERIOD }, () => chance.below(128));
  return { text, bytes: Buffer.alloc(size, Buffer.from(part)) };
}

/** Resolves to the data of the next message; rejects where the connection ends before. */
function next(ws) {
  return new Promise((resolve, reject) => {
    const settle = (act) => (argument) => {
      ws.off('message', onMessage);
      ws.off('close', onClose);
      ws.off('error', onError);
      act(argument);
    };
    const onMessage = settle(({ data }) => resolve(data));
    const onClose = settle(({ code, reason }) => reject(new Error(`closed with ${code} '${reason}'`)));
    const onError = settle(reject);
    ws.on('message', onMessage);
    ws.on('close', onClose);
    ws.on('error', onError);
  });
}

function ask(ws, message) {
  const answer = next(ws);
  ws.send(message);
  return answer;
}

/** nginx in front of `ws`. */
async function startBehindNginx() {
  const server = await startWs();
  const proxy = await startNginx(server.port);
  const stop = () => Promise.all([proxy.stop(), server.stop()]);
  return { url: proxy.url, stop };
}

const PEERS = {
  ws: startWs,
  "Python's websockets": startPython,
  aiohttp: startAiohttp,
  Bun: startBun,
  'nginx before ws': startBehindNginx,
};

/** Why a peer cannot be had here, by its name. */
const MISSING = { 'nginx before ws': process.env.WSR_NO_NGINX };

for (const [name, start] of Object.entries(PEERS)) {
  const suite = MISSING[name] ? describe.skip : describe;
  suite(`${name}${MISSING[name] ? ` (skipped: ${MISSING[name]})` : ''}`, () => {
    let server;
    before(async function () {
      this.timeout(INSTALL_MS);
      server = await start();
    });
    after(() => server && server.stop());

    for (const deflate of [true, false]) {
      describe(deflate ? 'with deflate' : 'without deflate', () => {
        let ws;
        let log;
        before(async () => {
          const websocketOptions = {
            maxPayload: 64 * MIB,
            perMessageDeflate: deflate && { threshold: 0 },
          };
          ({ ws, log } = await openClient({ url: server.url, websocketOptions }));
        });
        after(closeClients);

        it('agrees on the extensions', () => {
          if (deflate) assert.match(ws.extensions, /^permessage-deflate\b/);
          else assert.strictEqual(ws.extensions, '');
        });

        for (const size of SIZES) {
          it(`echoes text and binary of ${size} bytes`, async () => {
            const { text, bytes } = messages(size);
            assert.strictEqual(Buffer.byteLength(text), size);
            // Not strictEqual: it would print the messages.
            assert.ok((await ask(ws, text)) === text, 'the text came back changed');
            const echoed = await ask(ws, bytes);
            assert.ok(Buffer.isBuffer(echoed) && bytes.equals(echoed), 'the bytes came back changed');
            log.take();
          });
        }

        it('has its pings answered', async () => {
          assert.strictEqual(await ask(ws, 'ping'), 'pong');
        });

        it('closes with a code and a reason', async () => {
          log.take();
          ws.send('close 4321 enough');
          await log.until('retry');
          assert.deepStrictEqual(log.lines.slice(0, 2), ['stateChange CLOSED', "close 4321 'enough'"]);
        });
      });
    }
  });
}
