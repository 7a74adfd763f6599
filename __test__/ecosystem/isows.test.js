'use strict';

const assert = require('assert');
const { once } = require('events');
const { execFile } = require('child_process');
const path = require('path');
const { stand } = require('./support.js');

/** Runs the program that uses isows, with the class registered, until it says that it is open. */
function run(server) {
  const register = path.join(__dirname, '..', '..', 'register.js');
  const child = execFile(process.execPath, [
    '-r',
    register,
    path.join(__dirname, 'isows-client.js'),
    server.url,
  ]);
  return { child, output: once(child.stdout, 'data').then(String) };
}

describe('isows, by register', () => {
  it('takes the registered class, sends and receives, also after a restart', async () => {
    const server = await stand((socket) => socket.on('message', (data) => socket.send(`heard ${data}`)));
    const { child, output } = run(server);
    const next = async () => String((await once(child.stdout, 'data'))[0]).trim();
    assert.strictEqual((await output).trim(), 'ours heard 1');
    const second = next();
    await server.restart();
    assert.strictEqual(await second, 'ours heard 2');
    child.kill();
    await once(child, 'close');
  });
});
