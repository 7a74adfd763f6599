'use strict';

/** Certificates for the tests, made anew by the `openssl` command. */
const { execFileSync } = require('child_process');
const { mkdtempSync, readFileSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');

const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
const PASSPHRASE = 'open sesame';

let made;

/**
 * The certificates, as texts of PEM unless said otherwise:
 * - `ca`, `caFile`: the authority that signed `leaf`, `expired`, `wrongName`, `client`;
 * - `leaf`, `expired`, `wrongName`, `selfSigned`, `client`: `{cert, key}`, for localhost and 127.0.0.1 where nothing else is said;
 * - `client.encryptedKey` with `passphrase`, `client.pfx` (a Buffer, with the same passphrase);
 * - `otherCa`: one that signed none of them;
 * - `issue(extensions, by)`: makes another `{cert, key, subject}`, signed by itself unless `by` one that `issue` made, or by `authority`,
 *   which is that of `ca`. Extensions are lines
 *   of OpenSSL's; without any it is of X.509 version 1. `key` is what `openssl req` makes a key by, else one of P-256;
 * - `openssl(...args)`: runs it where all of these lie, and returns what it prints; `file(name)` is the path of one.
 */
function certificates() {
  if (made) return made;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'certificates-'));
  const file = (name) => path.join(folder, name);
  const read = (name) => readFileSync(file(name), 'utf8');
  const openssl = (...args) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

  const selfSigned = (name, subject, ...extensions) => {
    const added = extensions.flatMap((extension) => ['-addext', extension]);
    openssl(
      'req',
      '-x509',
      ...ec,
      '-noenc',
      '-days',
      '2',
      '-subj',
      `/CN=${subject}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      ...added,
    );
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  };
  const make = (name, subject, extensions, signer, days = 2, key = ec) => {
    openssl(
      'req',
      '-new',
      ...key,
      '-noenc',
      '-subj',
      `/CN=${subject}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const by = signer
      ? ['-CA', `${signer}.crt`, '-CAkey', `${signer}.key`, '-CAcreateserial']
      : ['-signkey', `${name}.key`];
    if (extensions) {
      writeFileSync(file(`${name}.ext`), extensions);
      by.push('-extfile', `${name}.ext`);
    }
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...by, '-days', String(days));
    return { name, subject, cert: read(`${name}.crt`), key: read(`${name}.key`) };
  };
  const signed = (name, subject, extensions, days) => make(name, subject, extensions, 'ca', days);
  let issued = 0;
  const issue = (extensions, by, key) => {
    issued += 1;
    return make(`issued${issued}`, `issued ${issued}`, extensions, by && by.name, 2, key);
  };

  const ca = selfSigned('ca', 'Test CA');
  const otherCa = selfSigned('other', 'Other CA');
  const client = signed('client', 'the client', 'extendedKeyUsage=clientAuth');
  openssl('pkcs8', '-topk8', '-in', 'client.key', '-out', 'client.enc', '-passout', `pass:${PASSPHRASE}`);
  const pfx = [
    'pkcs12',
    '-export',
    '-in',
    'client.crt',
    '-inkey',
    'client.key',
    '-certfile',
    'ca.crt',
    '-out',
    'client.pfx',
  ];
  openssl(...pfx, '-passout', `pass:${PASSPHRASE}`);
  made = {
    ca: ca.cert,
    authority: { name: 'ca' },
    caFile: file('ca.crt'),
    otherCa: otherCa.cert,
    leaf: signed('leaf', 'localhost', NAMES),
    expired: signed('expired', 'localhost', NAMES, -1),
    wrongName: signed('wrong', 'elsewhere', 'subjectAltName=DNS:elsewhere.test'),
    selfSigned: selfSigned('self', 'localhost', NAMES),
    client: { ...client, encryptedKey: read('client.enc'), pfx: readFileSync(file('client.pfx')) },
    passphrase: PASSPHRASE,
    issue,
    openssl,
    file,
  };
  return made;
}

module.exports = { certificates };
