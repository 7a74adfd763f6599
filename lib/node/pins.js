'use strict';

// What src/net/pins.rs is to connections that the engine makes, for those that Node makes.

const { X509Certificate, createHash, createPublicKey } = require('crypto');
const { coded } = require('../errors.js');

/** The pin of the public key of a certificate, in DER; none where Node cannot read the key. */
function pinOf(certificate) {
  const base64 = (certificate.toString('base64').match(/.{1,64}/g) || []).join('\n');
  const pem = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  try {
    const key = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return `sha256/${createHash('sha256').update(key).digest('base64')}`;
  } catch (_error) {
    return undefined;
  }
}

/**
 * Whether one certificate vouches for another. Node puts above each what the server has sent along under the name of its issuer,
 * whoever has signed. Before 15.6 it tells nothing of that.
 */
function isIssued(certificate, issuer) {
  if (X509Certificate === undefined) return false;
  try {
    const { ca, publicKey } = new X509Certificate(issuer);
    return ca && new X509Certificate(certificate).verify(publicKey);
  } catch (_error) {
    return false;
  }
}

/** The pins of the chain of a socket, the server's own first: that alone, where nobody vouched for it. */
function pinsOf(socket) {
  if (typeof socket.getPeerCertificate !== 'function') return [];
  const pins = [];
  let certificate = socket.getPeerCertificate(true);
  while (certificate && certificate.raw) {
    pins.push(pinOf(certificate.raw));
    const issuer = Object(certificate.issuerCertificate);
    if (!socket.authorized || issuer === certificate || !isIssued(certificate.raw, issuer.raw)) break;
    certificate = issuer;
  }
  return pins;
}

/** The error of a socket of which no certificate has one of the keys. */
function unpinned(pins, socket) {
  const found = pinsOf(socket);
  if (found.some((pin) => pins.includes(pin))) return undefined;
  const own = found[0] ? `; the pin of its own certificate would be ${found[0]}` : '';
  return coded(Error, 'WSR_ERR_TLS_PIN', `No key of the server's certificates is one of \`pins\`${own}`);
}

module.exports = { unpinned };
