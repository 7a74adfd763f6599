'use strict';

// Serves docs/lab/, where one sees what clients do by their options: `npm run lab`; `-- 9000` at that port.

const { createReadStream, existsSync } = require('fs');
const http = require('http');
const path = require('path');
const { ROOT } = require('./tools.js');

const FOLDER = path.join(ROOT, 'docs', 'lab');
const TYPES = { '.html': 'text/html', '.css': 'text/css', '.mjs': 'text/javascript' };

const server = http.createServer((request, response) => {
  const name = path.basename(new URL(request.url, 'http://localhost').pathname) || 'index.html';
  const file = path.join(FOLDER, name);
  if (!existsSync(file)) {
    response.statusCode = 404;
    response.end('not found');
    return;
  }
  response.setHeader('Content-Type', `${TYPES[path.extname(name)] || 'text/plain'}; charset=utf-8`);
  createReadStream(file).pipe(response);
});

server.listen(Number(process.argv[2] || 8042), '127.0.0.1', () => {
  console.log(`The policy lab: http://127.0.0.1:${/** @type {any} */ (server.address()).port}/`);
});
