'use strict';

/** nginx as a proxy in front of another server. */
const { spawn } = require('child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { deadPort } = require('./index.js');

/** Each temporary folder is inside the prefix, so that a user who is not root can run it. */
const configuration = (port, target) => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  scgi_temp_path scgi;
  uwsgi_temp_path uwsgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${target};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
  }
}
`;

/** Starts nginx in front of a server's port; resolves to `{url, stop}` once it listens. */
async function startNginx(target) {
  const port = await deadPort();
  const prefix = mkdtempSync(path.join(os.tmpdir(), 'nginx-'));
  writeFileSync(path.join(prefix, 'nginx.conf'), configuration(port, target));
  const child = spawn('nginx', ['-e', 'stderr', '-p', prefix, '-c', 'nginx.conf'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // It has no standard input whose end would end it.
  const kill = () => child.kill();
  process.once('exit', kill);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
    rmSync(prefix, { recursive: true });
  };
  let printed = '';
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`nginx ended with ${code}:\n${printed}`)));
    child.stderr.on('data', (chunk) => {
      printed += chunk;
      // Said after it has bound its port.
      if (printed.includes('start worker process')) resolve({ url: `ws://127.0.0.1:${port}/`, stop });
    });
  });
}

module.exports = { startNginx };
