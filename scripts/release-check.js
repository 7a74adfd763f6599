'use strict';

// Checks what would be published: artifacts/, with the package itself packed anew, and the bill of materials.
// Usage: release-check.js; --complete, as the release workflow runs it before it publishes: what is missing is a failure, too;
// --source, as it runs it before it builds: the same of what a tag has by itself.

const { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } = require('fs');
const os = require('os');
const path = require('path');
const { ARTIFACTS, TARBALL_BYTES, packMain } = require('./build-release.js');
const { TARGETS } = require('./build.js');
const { readManifest, webAddress } = require('./publisher.js');
const { writeBill } = require('./sbom.js');
const { ROOT, capture, install } = require('./tools.js');

const FOLDER = path.join(ROOT, 'scripts', 'release');
/** The main tarball must not be larger. */
const MAIN_BYTES = 1000000;

const [how] = process.argv.slice(2);
if (how && !['--complete', '--source'].includes(how)) throw new Error(`release-check.js knows no ${how}`);
const isRelease = how !== undefined;
const main = readManifest();
const { name, version } = main;
const read = (file) => readFileSync(path.join(ROOT, file), 'utf8');

/** What the main tarball may hold beside its entries, and nothing else: no tests of the engine, which no build needs. */
const HELD =
  /^(?!src\/.*tests[./])(?:(?:bin|lib|browser|src|tests|benches|docs|examples)\/.+|scripts\/(?:websocket-reconnect|build|tools)\.js|build\.rs|Cargo\.(?:toml|lock)|package\.json|(?:README|README\.zh-CN|CHANGELOG|SKILL)\.md|LICENSE|THIRD-PARTY-LICENSES)$/;
/** Its entries, for `require`, for `import` and with types of both. */
const ENTRIES = Object.keys(main.exports).map((entry) => entry.slice(2) || 'index');
const isEntry = (file) => ENTRIES.includes(file.replace(/(?:\.d)?\.m?[jt]s$/, ''));
/** What the build makes of it; all else is as git has it. */
const BUILT = ['browser/index.js', 'browser/index.mjs', 'browser/websocket-reconnect.min.js'];

/** The files in a tarball; `folder` is where it has been unpacked. */
function unpack(tarball) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-unpacked-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { ok, output } = capture('tar', ['xzf', tarball, '-C', folder]);
  if (!ok) throw new Error(`tar: ${output}`);
  const below = (at) =>
    readdirSync(path.join(folder, at), { withFileTypes: true }).flatMap((entry) => {
      const place = path.posix.join(at, entry.name);
      return entry.isDirectory() ? below(place) : [place];
    });
  const files = below('package').map((file) => file.replace('package/', ''));
  return { files, manifest: JSON.parse(readFileSync(path.join(folder, 'package', 'package.json'), 'utf8')) };
}

const versionsOf = {
  'Cargo.toml': () => (/^version = "(.*)"$/m.exec(read('Cargo.toml')) || [])[1],
  'Cargo.lock': () => (new RegExp(`name = "${name}"\\s+version = "(.*)"`).exec(read('Cargo.lock')) || [])[1],
  'package-lock.json': () => JSON.parse(read('package-lock.json')).version,
  ...Object.fromEntries(
    Object.keys(TARGETS).flatMap((id) => [
      [`npm/${id}/package.json`, () => JSON.parse(read(`npm/${id}/package.json`)).version],
      [`optionalDependencies of ${id}`, () => main.optionalDependencies[`${name}-${id}`]],
    ]),
  ),
};

function versions() {
  return Object.entries(versionsOf)
    .filter(([, of]) => of() !== version)
    .map(([place, of]) => `${place} has ${of()}, package.json ${version}`);
}

function fieldsMissing() {
  const hint = 'npm pkg set repository.type=git repository.url=git+https://…';
  const missing = [];
  if (!main.repository) missing.push(`package.json has no repository, which provenance needs: ${hint}`);
  if (!main.author) missing.push('package.json has no author: npm pkg set author=…');
  return missing;
}

/** GitHub's own word of where the workflow runs: npm refuses provenance for another repository. */
function repositoryFaults() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  if (!main.repository || !repository) return [];
  const here = `${server}/${repository}`;
  const told = webAddress(main.repository.url);
  return told === here ? [] : [`package.json has the repository ${told}, this one is ${here}`];
}

function changelogMissing() {
  const [first] = [...read('CHANGELOG.md').matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  return new RegExp(`^${version.replace(/\./g, '\\.')}\\b`).test(first)
    ? []
    : [`the first heading of CHANGELOG.md is '${first}', not '${version}'`];
}

function tagFaults() {
  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: tag } = process.env;
  return type === 'tag' && tag !== `v${version}` ? [`the tag is ${tag}, the version ${version}`] : [];
}

const sizeFaults = (tarball, limit) => {
  const { size } = statSync(tarball);
  return size > limit ? [`${path.basename(tarball)} has ${size} bytes; allowed are ${limit}`] : [];
};

function mainContents({ files, manifest }) {
  const { ok, output } = capture('git', ['ls-files']);
  if (!ok) throw new Error(`git ls-files: ${output}`);
  const tracked = new Set(output.split('\n'));
  const scripts = Object.values(manifest.scripts)
    .flatMap((script) => script.match(/\S+\.js\b/g) || [])
    .filter((script) => !files.includes(script));
  return [
    ...files
      .filter((file) => !HELD.test(file) && !isEntry(file))
      .map((file) => `${file} is not to be packed`),
    ...files
      .filter((file) => !tracked.has(file) && !BUILT.includes(file))
      .map((file) => `${file} is not in git`),
    ...BUILT.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...scripts.map((script) => `a script of package.json needs ${script}`),
    ...Object.keys(manifest.devDependencies || {}).map((one) => `package.json needs ${one} for development`),
  ];
}

function platformContents(id, { files, manifest }) {
  const binary = `${name}.${id}.node`;
  const wanted = ['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES', 'package.json', binary].sort();
  const faults = String([...files].sort()) === String(wanted) ? [] : [`it holds ${files}, not ${wanted}`];
  if (manifest.main !== binary) faults.push(`its main is ${manifest.main}`);
  return faults;
}

/** What a tool says where it fails. */
function tool(command, args) {
  const { ok, output } = capture(command, args);
  return ok ? [] : [`${path.basename(command)}: ${output}`];
}

const bin = (program) => path.join(FOLDER, 'node_modules', '.bin', program);
/** The script for browsers is no module, and has no types. */
const WITHOUT_TYPES = ['--exclude-entrypoints', 'script'];
/** node10 knows no `exports`: what its users can import is what lies beside index.js. */
const PROFILE = ['--profile', 'node16'];

const publish = (tarball) => tool('npm', ['publish', '--dry-run', '--tag', 'check', tarball]);

let failures = 0;
function tell(step, faults, missing = []) {
  const failed = isRelease ? [...faults, ...missing] : faults;
  const word = failed.length > 0 ? 'FAILED ' : missing.length > 0 ? 'missing' : 'ok     ';
  console.log(`${word} ${step}`);
  for (const fault of [...faults, ...missing])
    console.log(`        ${fault.trim().replace(/\n/g, '\n        ')}`);
  if (failed.length > 0) failures++;
}

function checkSource() {
  tell('versions', versions());
  tell('changelog', tagFaults(), changelogMissing());
  tell('repository and author', repositoryFaults(), fieldsMissing());
  tell('licences of what is linked in', tool(process.execPath, ['scripts/licences.js', '--check']));
}

function checkMain(tarball) {
  tell('package: size', sizeFaults(tarball, MAIN_BYTES));
  tell('package: contents', mainContents(unpack(tarball)));
  tell('package: publint', tool(bin('publint'), ['--strict', tarball]));
  tell('package: arethetypeswrong', tool(bin('attw'), [tarball, ...PROFILE, ...WITHOUT_TYPES]));
  tell('package: npm publish --dry-run', publish(tarball));
}

function checkPlatform(id) {
  const tarball = path.join(ARTIFACTS, `${name}-${id}-${version}.tgz`);
  if (!existsSync(tarball)) {
    tell(id, [], [`no tarball: npm run build:release -- --target ${TARGETS[id]}`]);
    return;
  }
  tell(`${id}: size`, sizeFaults(tarball, TARBALL_BYTES));
  tell(`${id}: contents`, platformContents(id, unpack(tarball)));
  tell(`${id}: publint`, tool(bin('publint'), ['--strict', tarball]));
  tell(`${id}: npm publish --dry-run`, publish(tarball));
}

async function check() {
  checkSource();
  if (how === '--source') return;
  install(FOLDER);
  // What is published is what has been tested.
  checkMain(how === '--complete' ? path.join(ARTIFACTS, `${name}-${version}.tgz`) : packMain());
  for (const id of Object.keys(TARGETS)) checkPlatform(id);
  console.log(`artifacts/sbom.cdx.json: ${await writeBill()} crates`);
}

check()
  .catch((error) => {
    console.error(error);
    failures++;
  })
  .then(() => {
    console.log(failures > 0 ? `${failures} failed` : 'Nothing failed');
    process.exitCode = failures > 0 ? 1 : 0;
  });
