'use strict';

/**
 * Echoes binary messages of several sizes in a runtime that takes no memory but its own, as Electron's: `no-external-buffers.js URL`.
 * Prints how many came back unchanged, or that a release cannot be made so.
 */
const native = require('../../lib/node/native.js');
const { WebSocketReconnect } = require('../subject.js');

const SIZES = [0, 1, 16 * 1024 - 1, 16 * 1024, 1 << 20, 5 << 20];

async function main(url) {
  const { forbidExternalBuffers } = /** @type {any} */ (native);
  if (!forbidExternalBuffers) return 'a release';
  forbidExternalBuffers();
  const ws = new WebSocketReconnect({ url });
  await ws.connect();
  let same = 0;
  for (const size of SIZES) {
    for (const binaryType of ['nodebuffer', 'arraybuffer']) {
      ws.binaryType = binaryType;
      const sent = Buffer.alloc(size, size % 251);
      const echoed = new Promise((resolve) => ws.once('message', resolve));
      ws.send(sent);
      const { data } = await echoed;
      if (Buffer.isBuffer(data) === (binaryType === 'nodebuffer') && sent.equals(Buffer.from(data)))
        same += 1;
    }
  }
  ws.close();
  return `${same} of ${2 * SIZES.length}`;
}

main(process.argv[2]).then(console.log, (error) => {
  console.log(error.stack);
  process.exit(1);
});
