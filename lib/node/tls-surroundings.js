'use strict';

// What of TLS the environment of the process says, for who says nothing else. It is read anew each time, since programs change it.

const { appendFile, closeSync, openSync } = require('fs');
const { ignore } = require('../errors.js');
const { flagValue, variable } = require('./process-settings.js');

/** The files for secrets, by whether they can be written. */
const keyLogs = new Map();

/** Whether secrets can be written into a file. Who connects is warned of each once. */
function canLog(file, saidBy) {
  if (!keyLogs.has(file)) {
    let trouble = '';
    try {
      closeSync(openSync(file, 'a', 0o600));
    } catch (error) {
      trouble = error.message;
    }
    keyLogs.set(file, trouble === '');
    process.emitWarning(
      trouble === ''
        ? `${saidBy} makes TLS connections insecure by writing secret key material to ${file}`
        : `Ignoring ${saidBy}: ${trouble}`,
    );
  }
  return keyLogs.get(file);
}

/** Where secrets of TLS are to be written. */
function keyLogFile() {
  const flagged = flagValue('--tls-keylog');
  const file = flagged || variable('SSLKEYLOGFILE');
  return file && canLog(file, flagged ? '--tls-keylog' : 'SSLKEYLOGFILE') ? file : undefined;
}

/** Has the secrets of a connection that Node makes written: with its own flag Node does so by itself. */
function logKeysOf(socket) {
  if (flagValue('--tls-keylog')) return;
  const file = keyLogFile();
  if (file) socket.on('keylog', (line) => appendFile(file, line, { mode: 0o600 }, ignore));
}

let warned = false;

/** Node warns of it too, once for all of its own connections. */
function warnOfAnybody() {
  if (warned) return;
  warned = true;
  process.emitWarning(
    "Setting NODE_TLS_REJECT_UNAUTHORIZED to '0' makes TLS connections insecure by disabling certificate verification",
  );
}

/**
 * @param {boolean} isAsked Whether a certificate may be looked at of which nothing else is said.
 * @returns {import('../../native/index.js').TlsSurroundings}
 */
function tlsSurroundings(isAsked) {
  const rejectUnauthorized = variable('NODE_TLS_REJECT_UNAUTHORIZED') !== '0';
  if (isAsked && !rejectUnauthorized) warnOfAnybody();
  return { rejectUnauthorized, keyLog: keyLogFile() };
}

/** For who speaks no TLS, and must not be asked for the right to read the environment. */
const NO_TLS = { rejectUnauthorized: true };

module.exports = { NO_TLS, logKeysOf, tlsSurroundings };
