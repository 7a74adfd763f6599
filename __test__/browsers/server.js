'use strict';

// What the browsers of the tests load: the files of the project under the strictest policy for scripts, and by POST the servers of
// `__test__/peer`.

const { createReadStream, existsSync, statSync } = require('fs');
const http = require('http');
const path = require('path');
const { deadPort, startServer } = require('../peer/index.js');

const ROOT = path.join(__dirname, '..', '..');
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
/** No inline scripts, no `eval`, no WebAssembly, no Worker of a Blob. */
const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src *; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

/** The page whose timers are to run in a Worker allows one of a Blob. */
const policyOf = (file) =>
  path.basename(file) === 'worker.html'
    ? POLICY.replace("worker-src 'self'", "worker-src 'self' blob:")
    : POLICY;

const body = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
};

/**
 * Serves `folders`, by the first part of the path, and the project. Calls `onResult` with what a page posts as its result, and `onWish`
 * with what it wants its browser to do to it, and for how long; that tells whether it can.
 */
async function serve(folders, onResult, onWish) {
  const peers = new Map();
  const posts = {
    '/peer/start': async (options) => {
      const peer = await startServer(options);
      peers.set(peer.url, peer);
      return { url: peer.url };
    },
    '/peer/call': ({ url, method, args }) => peers.get(url)[method](...args),
    '/peer/dead': () => deadPort(),
    '/result': (result) => onResult(result),
    '/browser': ({ does, time }) => onWish(does, time),
  };
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (request.method === 'POST') {
      try {
        const result = await posts[pathname](await body(request));
        response.end(JSON.stringify(result === undefined ? null : result));
      } catch (error) {
        response.statusCode = 500;
        response.end(JSON.stringify(String(error)));
      }
      return;
    }
    const [, first, ...rest] = decodeURIComponent(pathname).split('/');
    const inside = rest.join('/');
    const file = path.join(folders[first] || path.join(ROOT, first), inside);
    const isThere = !path.relative(ROOT, file).startsWith('..') || folders[first] !== undefined;
    if (!isThere || !existsSync(file) || !statSync(file).isFile()) {
      response.statusCode = 404;
      response.end('not found');
      return;
    }
    response.setHeader('Content-Type', TYPES[path.extname(file)] || 'application/octet-stream');
    response.setHeader('Content-Security-Policy', policyOf(file));
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

module.exports = { serve };
