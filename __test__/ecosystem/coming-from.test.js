'use strict';

// The programs of docs/coming-from.md as they were before, each with its package and against its server. That those after
// run is tested with the other snippets, by what they print: each before prints the same.

const assert = require('assert');
const { spawn } = require('child_process');
const { readFileSync, readdirSync } = require('fs');
const path = require('path');
const { Server } = require('socket.io');
const { ROOT } = require('../../scripts/tools.js');
const { after, stand, standWith, until } = require('./support.js');

const FOLDER = path.join(__dirname, 'coming-from');
/** A program before, and behind it the one after with what that prints. */
const PAIR = /<!-- file: __test__\/ecosystem\/coming-from\/(.+) -->[\s\S]*?<!-- runnable: (.+) -->/g;

const guide = readFileSync(path.join(ROOT, 'docs', 'coming-from.md'), 'utf8').replace(/\r\n/g, '\n');
const pairs = new Map([...guide.matchAll(PAIR)].map(([, file, printed]) => [file, printed]));

const echo = () => stand((socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
const socketIo = () =>
  standWith((http) => {
    new Server(http).on('connection', (socket) => socket.on('say', (text) => socket.emit('said', text)));
  });

/** Runs a program until it has printed that, with the URL of its server in the place of that of the document. */
async function run(file, url, printed) {
  const code = readFileSync(path.join(FOLDER, file), 'utf8').replace('ws://127.0.0.1:8080', url);
  const isGlobal = typeof globalThis.WebSocket === 'function';
  const flags = isGlobal ? [] : ['--experimental-websocket'];
  const child = spawn(process.execPath, [...flags, '--input-type=commonjs', '--eval', code], { cwd: FOLDER });
  after(() => child.kill());
  let output = '';
  const take = (chunk) => {
    output += chunk;
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.on('close', (status) => take(`it ended with ${status}`));
  await until(() => output.includes(printed) || output.includes('it ended with'));
  assert.ok(output.includes(printed), output);
}

describe('a program before it came here', () => {
  it('stands in the document, whichever it is', () =>
    assert.deepStrictEqual([...pairs.keys()].sort(), readdirSync(FOLDER).sort()));

  for (const [file, printed] of pairs) {
    it(`runs: ${file}`, async () => {
      const server = await (file === 'socket.io.js' ? socketIo() : echo());
      await run(file, server.url, printed);
    });
  }
});
