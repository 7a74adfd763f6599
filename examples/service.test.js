'use strict';

const assert = require('assert');
const { spawn } = require('child_process');
const { once } = require('events');
const path = require('path');
const test = require('node:test');
const { createServer } = require('../testing.js');

/** Longest wait for anything here, in ms. */
const PATIENCE = 20000;

const options = {
  timeout: PATIENCE,
  skip: process.platform === 'win32' ? 'on Windows no process is asked to end by SIGTERM' : false,
};

/** The service in a process of its own, once it has printed `text`. */
async function serve(t, url, text) {
  const child = spawn(process.execPath, [path.join(__dirname, 'service.js'), url]);
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let printed = '';
  await new Promise((resolve) => {
    const take = (chunk) => {
      printed += chunk;
      if (printed.includes(text)) resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
  });
  return { child, ended, printed: () => printed };
}

async function serverBy(t, script) {
  const server = await createServer(script);
  t.after(() => server.close());
  return server;
}

test('SIGTERM has the service close its connection and end with 0', options, async (t) => {
  const server = await serverBy(t, ['open']);
  const { child, ended } = await serve(t, server.url, 'connected');
  child.kill('SIGTERM');
  const connection = await server.connection(0);
  assert.deepStrictEqual(await connection.ended(), { code: 1001, reason: 'going away' });
  assert.deepStrictEqual(await ended, [0, null]);
});

test('SIGTERM ends the service though its server does not answer', options, async (t) => {
  const server = await serverBy(t, ['half-open']);
  const { child, ended, printed } = await serve(t, server.url, 'connected');
  child.kill('SIGTERM');
  assert.deepStrictEqual(await ended, [0, null]);
  assert.match(printed(), /closed 1006/);
});

test('SIGTERM ends the service while it waits to connect again', options, async (t) => {
  const server = await serverBy(t, ['refuse']);
  const { child, ended } = await serve(t, server.url, 'ECONNREFUSED');
  child.kill('SIGTERM');
  assert.deepStrictEqual(await ended, [0, null]);
});

test('a second SIGTERM ends the service at once', options, async (t) => {
  const server = await serverBy(t, ['half-open']);
  const { child, ended } = await serve(t, server.url, 'connected');
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGTERM'), 200);
  assert.deepStrictEqual(await ended, [null, 'SIGTERM']);
});
