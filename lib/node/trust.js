'use strict';

const { existsSync, readFileSync, readdirSync } = require('fs');
const path = require('path');
const tls = require('tls');
const { coded } = require('../errors.js');
const { hasFlag, variable } = require('./process-settings.js');

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM file; a file that cannot be read has none, as in Node. */
function certificatesOf(file) {
  try {
    return readFileSync(file, 'utf8').match(PEM) || [];
  } catch (error) {
    process.emitWarning(`Ignoring extra certs from ${file}: ${error.message}`);
    return [];
  }
}

/** Where OpenSSL looks by default, by distribution. */
const OPENSSL_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** What OpenSSL reads of a folder: names that `openssl rehash` makes. */
const HASHED = /^[0-9a-f]{8}\.\d+$/i;

/** The files of the folders in `SSL_CERT_DIR`; a folder that cannot be read has none, as in OpenSSL. */
function hashedFiles(folders) {
  return folders.split(path.delimiter).flatMap((folder) => {
    try {
      const names = readdirSync(folder).filter((name) => HASHED.test(name));
      return names.map((name) => path.join(folder, name));
    } catch (_error) {
      return [];
    }
  });
}

/** The files of OpenSSL's store. A folder that is named takes the place of the default. */
function openSslFiles() {
  const file = variable('SSL_CERT_FILE');
  const folders = variable('SSL_CERT_DIR');
  if (folders) return [...(file ? [file] : []), ...hashedFiles(folders)];
  return [file || OPENSSL_FILES.find(existsSync)].filter(Boolean);
}

/** The certificates of the system, as PEM. */
function systemCertificates() {
  if (typeof tls.getCACertificates === 'function') return tls.getCACertificates('system');
  if (process.platform === 'win32' || process.platform === 'darwin') {
    throw coded(
      RangeError,
      'WSR_ERR_OPTION',
      "websocketOptions.trust: 'system' needs Node 22.15 or later on this system; allowed is 'node'",
    );
  }
  return openSslFiles().flatMap(certificatesOf);
}

/** The certificates that this Node trusts, as PEM. */
function nodesCertificates() {
  if (hasFlag('--use-openssl-ca')) return [...openSslFiles().flatMap(certificatesOf), ...extraCertificates()];
  if (typeof tls.getCACertificates === 'function') return tls.getCACertificates('default');
  return [...(tls.rootCertificates || []), ...extraCertificates()];
}

function extraCertificates() {
  const extra = variable('NODE_EXTRA_CA_CERTS');
  return extra ? certificatesOf(extra) : [];
}

/**
 * The certificates of a store.
 * @param {'node' | 'system'} store
 */
function trustedCertificates(store) {
  return store === 'system' ? [...systemCertificates(), ...extraCertificates()] : nodesCertificates();
}

module.exports = { trustedCertificates };
