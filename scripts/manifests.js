'use strict';

/**
 * Writes what names a platform or the version, all from scripts/platforms.js and package.json: the
 * packages in `npm/`, the optional dependencies and their places in package-lock.json. Run it after a
 * change of either: `node scripts/manifests.js`. With `--check` it fails where something differs.
 *
 * The lock has the platforms' packages by version alone. So `npm ci` runs before they are published (an
 * optional package that is not found is left out) and takes them afterwards.
 */
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('fs');
const path = require('path');
const { PLATFORMS, binaryName, packageName } = require('./platforms.js');
const { ROOT } = require('./steps.js');

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8');
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

/** What keeps a package from being installed elsewhere. */
/** @param {{os: string, cpu: string, libc?: string}} platform */
const limits = ({ os, cpu, libc }) => ({ os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) });

function platformManifest(main, platform) {
  const { version, license, repository, homepage, engines, author } = main;
  return {
    name: packageName(platform.id),
    version,
    description: `The binary of ${main.name} for ${platform.target}`,
    ...limits(platform),
    main: binaryName(platform.id),
    files: [binaryName(platform.id)],
    author,
    license,
    homepage,
    repository,
    engines,
    publishConfig: { access: 'public', provenance: true },
  };
}

function readme({ id, target }, { name }) {
  return `# ${packageName(id)}\n\nThe binary of \`${name}\` for \`${target}\`. Install \`${name}\`, which brings this by itself.\n`;
}

function lockWith(main, optionalDependencies) {
  const lock = JSON.parse(read('package-lock.json'));
  const [own, ...others] = Object.entries(lock.packages);
  const platforms = PLATFORMS.map((platform) => {
    const { os, cpu, libc } = limits(platform);
    const { license, engines } = main;
    const entry = { version: main.version, cpu, ...(libc && { libc }), license, optional: true, os, engines };
    return [`node_modules/${packageName(platform.id)}`, entry];
  });
  const names = new Set(platforms.map(([name]) => name));
  const kept = others.filter(([name]) => !names.has(name));
  const root = { ...own[1], version: main.version, optionalDependencies };
  lock.version = main.version;
  lock.packages = { '': root, ...sorted(Object.fromEntries([...kept, ...platforms])) };
  return lock;
}

/** Every file that is written here, by its path: what it should hold. */
function files() {
  const main = JSON.parse(read('package.json'));
  const optionalDependencies = sorted(
    Object.fromEntries(PLATFORMS.map(({ id }) => [packageName(id), main.version])),
  );
  const made = {
    'package.json': json({ ...main, optionalDependencies }),
    'package-lock.json': json(lockWith(main, optionalDependencies)),
  };
  for (const platform of PLATFORMS) {
    made[`npm/${platform.id}/package.json`] = json(platformManifest(main, platform));
    made[`npm/${platform.id}/README.md`] = readme(platform, main);
  }
  return made;
}

/** What is wrong with the manifests, one line each. */
function faults() {
  const wrong = Object.entries(files())
    .filter(([file, text]) => !existsSync(path.join(ROOT, file)) || read(file) !== text)
    .map(([file]) => `${file} is not what scripts/manifests.js writes`);
  const { version } = JSON.parse(read('package.json'));
  if (!read('Cargo.toml').includes(`\nversion = "${version}"\n`))
    wrong.push(`Cargo.toml is not at version ${version}`);
  if (/"resolved": "http/.test(read('package-lock.json'))) wrong.push('package-lock.json names a registry');
  return wrong;
}

function write() {
  for (const [file, text] of Object.entries(files())) {
    mkdirSync(path.dirname(path.join(ROOT, file)), { recursive: true });
    writeFileSync(path.join(ROOT, file), text);
  }
}

module.exports = { faults };

if (require.main === module) {
  if (!process.argv.includes('--check')) write();
  for (const fault of faults()) {
    console.error(fault);
    process.exitCode = 1;
  }
}
