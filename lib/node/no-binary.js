'use strict';

const { existsSync, readdirSync } = require('fs');
const path = require('path');
const { coded, messageOf } = require('../errors.js');

const PACKAGE = 'websocket-reconnect-native';
const BUNDLING = `docs/bundling.md of ${PACKAGE} has the recipe`;
const REINSTALL =
  'Reinstall with the optional dependencies, which bring the binary: npm install --include=optional';

/**
 * What kept an addon from loading.
 * @typedef {object} Refusal
 * @property {string} id The platform.
 * @property {string} [folder] The folder of this package; none in a bundle.
 * @property {string} [file] The one file that the user has named.
 * @property {Error[]} errors What the loader threw, for each place.
 * @property {string[]} platforms Those for which there is a package.
 */

/** The platforms whose packages lie beside this one. */
function installed({ folder, platforms }) {
  try {
    const names = readdirSync(path.dirname(folder));
    return platforms.filter((id) => names.includes(`${PACKAGE}-${id}`));
  } catch (_error) {
    return [];
  }
}

/**
 * What a system's loader says of a binary that it found, each with the cause and the way out. glibc, musl, macOS and Windows
 * have words of their own.
 * @type {[said: RegExp, why: (refusal: Refusal, match: RegExpExecArray) => string][]}
 */
const OF_LOADERS = [
  [
    /version [`'](GLIBC_[\d.]+)' not found/,
    (_refusal, [, version]) =>
      `The system's glibc is too old: the binary needs ${version}. Use a newer system, Alpine's build (musl), or build from source here: npm run build`,
  ],
  [
    /ld-musl|libc\.musl|ld-linux|libc\.so\.6|Error relocating/,
    () =>
      'The binary is for another C library: glibc and musl (Alpine) cannot load what was built for the other. Delete node_modules, and run npm install on the system where it runs',
  ],
  [
    /failed to map segment|Operation not permitted/,
    () =>
      'The file system forbids running code (noexec). Move node_modules elsewhere, copy the binary to where code may run and name it in WEBSOCKET_RECONNECT_NATIVE_PATH, or mount with exec',
  ],
  [
    /invalid ELF header|wrong ELF class|Exec format error|not a valid Win32 application|mach-o|file too short/i,
    () =>
      'The binary is for another platform, or is damaged. Delete node_modules, and run npm install on this platform',
  ],
];

/** The cause in what the loader threw, where it found a binary. */
function refusedByLoader(refusal) {
  for (const error of refusal.errors) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ERR_DLOPEN_DISABLED')
      return 'Node may load no addons. Run it with --allow-addons beside --permission, and without --no-addons';
    if (code === 'ERR_ACCESS_DENIED')
      return 'Node may not read the binary. Run it with --allow-fs-read for its folder beside --permission, and with --allow-addons';
    const message = messageOf(error);
    for (const [said, why] of OF_LOADERS) {
      const match = said.exec(message);
      if (match) return why(refusal, match);
    }
  }
  return undefined;
}

/** The cause where nothing was found. */
function notFound(refusal) {
  const { id, folder, file, platforms } = refusal;
  if (file) return 'WEBSOCKET_RECONNECT_NATIVE_PATH names that file alone. Correct it, or unset it';
  if (!platforms.includes(id))
    return `There is no package for ${id}, only for ${platforms.join(', ')}. Build from source with Rust's cargo: npm run build, or use ${PACKAGE}/portable`;
  // A tracer copies what is required, and no more; a tarball has this file.
  if (!folder || !existsSync(path.join(folder, 'Cargo.toml')))
    return `The bundle, or the copy that a tracer made, is without the package ${PACKAGE}-${id}. Have it brought along: ${BUNDLING}`;
  if (existsSync(path.join(folder, '__test__')))
    return `This checkout is not built. Build it with Rust's cargo: npm run build (in ${folder})`;
  const others = installed(refusal);
  if (others.length > 0)
    return `node_modules has the binary of ${others.join(', ')}, and was brought from there, or installed by its lock file. Delete node_modules, and run npm install on this platform: npm install --include=optional`;
  return `The package ${PACKAGE}-${id} is not installed. ${REINSTALL}\nor build it from source with Rust's cargo: npm run build (in ${folder})`;
}

/**
 * Says for which platform nothing loads, what the loader said of each place, the cause, and the way out.
 * @param {Refusal} refusal
 */
function noBinary(refusal) {
  const { id, file, errors } = refusal;
  const said = errors.map((error) => `  ${messageOf(error).split('\n')[0]}`);
  const lines = [
    `No binary of ${PACKAGE} loads on ${id} (${process.version}).`,
    ...(file ? [`  ${file} (WEBSOCKET_RECONNECT_NATIVE_PATH):`] : []),
    ...said,
    `${refusedByLoader(refusal) || notFound(refusal)}.`,
  ];
  return coded(Error, 'WSR_ERR_NO_BINARY', lines.join('\n'));
}

module.exports = { noBinary };
