'use strict';

/** What stands in front of a server: nginx and haproxy of Debian, and OpenSSL's own server as old devices have it. */
const { certificates } = require('../peer/certificates.js');
const { startProgram } = require('../support/programs.js');

/** As support/programs.js takes them. */
const PROGRAMS = {
  nginx: {
    command: 'nginx',
    configuration: ({ port, folder, backend, versions, asksClient, idle, shutdown }) => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/log;
${shutdown ? `worker_shutdown_timeout ${shutdown}ms;` : ''}
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/cert;
    ssl_certificate_key ${folder}/key;
    ssl_protocols ${versions.join(' ')};
    ${asksClient ? `ssl_client_certificate ${folder}/ca;\n    ssl_verify_client on;` : ''}
    location / {
      proxy_pass http://127.0.0.1:${backend};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Session $ssl_session_reused;
      proxy_set_header X-Client $ssl_client_s_dn;
      proxy_read_timeout ${idle}ms;
    }
  }
}
`,
    args: ({ file, folder }) => ['-c', file, '-p', folder],
  },
  haproxy: {
    command: 'haproxy',
    configuration: ({ port, folder, backend, versions, asksClient, idle }) => `
global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel ${idle}ms
frontend front
  bind 127.0.0.1:${port} ssl crt ${folder}/both ssl-min-ver ${versions[0]} ssl-max-ver ${versions[versions.length - 1]} ${asksClient ? `ca-file ${folder}/ca verify required` : ''}
  http-request set-header X-Session %[ssl_fc_is_resumed,iif(r,.)]
  http-request set-header X-Client %{+Q}[ssl_c_s_dn]
  default_backend back
backend back
  server one 127.0.0.1:${backend}
`,
    args: ({ file }) => ['-db', '-f', file],
  },
  openssl: {
    command: 'openssl',
    args: ({ port, folder, ciphers }) => [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-cert',
      `${folder}/cert`,
      '-key',
      `${folder}/key`,
      '-cipher',
      ciphers,
      '-tls1_2',
      '-www',
    ],
  },
};

const VERSIONS = ['TLSv1.2', 'TLSv1.3'];

/**
 * Starts a program in front of the port `backend`. `identity`: the certificate and key that it shows; `versions`: those of TLS that it
 * speaks, in their order; `asksClient`: whether clients must show a certificate; `idle`: milliseconds without a byte from the server
 * until it cuts; `shutdown`: those that old connections have after a reload; `ciphers`: those of OpenSSL.
 */
function startFront(
  name,
  { identity = certificates().leaf, versions = VERSIONS, idle = 60000, ...more } = {},
) {
  const { cert, key } = identity;
  const files = { cert, key, both: cert + key, ca: certificates().ca };
  return startProgram(PROGRAMS[name], { versions, idle, ...more }, files);
}

module.exports = { VERSIONS, startFront };
