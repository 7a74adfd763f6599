'use strict';

const { existsSync, readFileSync } = require('fs');
const tls = require('tls');

/** The certificates of a PEM file; a file that cannot be read has none, as in Node. */
function certificatesOf(file) {
  try {
    return (
      readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) || []
    );
  } catch (error) {
    process.emitWarning(`Ignoring extra certs from ${file}: ${error.message}`);
    return [];
  }
}

/** Whether Node was told to trust OpenSSL's store instead of its own. */
function usesOpenSslStore() {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS || '').split(/\s+/)];
  return flags.includes('--use-openssl-ca');
}

/** Where OpenSSL looks by default, by distribution. */
const OPENSSL_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** The certificates that this Node trusts, as PEM. */
function trustedCertificates() {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  if (usesOpenSslStore()) {
    const store = process.env.SSL_CERT_FILE || OPENSSL_FILES.find(existsSync);
    return [store, extra].filter(Boolean).flatMap(certificatesOf);
  }
  if (typeof tls.getCACertificates === 'function') return tls.getCACertificates('default');
  return [...(tls.rootCertificates || []), ...(extra ? certificatesOf(extra) : [])];
}

module.exports = { trustedCertificates };
