'use strict';

// Makes what browsers load: `npm run build:browser` compiles the policy of src/policy/ to JavaScript, which is committed;
// `bundle` makes the files of browser/ of that and of lib/, with every build.

const { createHash } = require('crypto');
const { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } = require('fs');
const path = require('path');
const { gzipSync } = require('zlib');
const { RUSTC, STD, installPackages } = require('./debian.js');
const { ROOT, capture, has, run, runtime } = require('./tools.js');

const POLICY = path.join(ROOT, 'lib', 'browser', 'policy.mjs');
/** The same for `require`. */
const TWIN = path.join(ROOT, 'lib', 'browser', 'policy.js');
/** The same for the lab, which is hosted as it is. */
const OF_LAB = path.join(ROOT, 'docs', 'lab', 'policy.mjs');
const BUNDLES = path.join(ROOT, 'browser');

const BINARYEN = 'binaryen@132.0.0';
/** Debian's compiler that brings the sources of `std`, which is built along, and the linker for WebAssembly. */
const PACKAGES = ['rustc-web', 'rust-web-src', 'lld-22'];
const TARGET = 'wasm32-unknown-unknown';

const RUST_FLAGS = [
  '-Cpanic=immediate-abort',
  '-Zunstable-options',
  '-Ctarget-cpu=mvp',
  // wasm2js copies memory by a method of typed arrays then, in place of code of its own.
  '-Ctarget-feature=+mutable-globals,+bulk-memory',
  '-Zlocation-detail=none',
  '-Zfmt-debug=none',
  '-Clinker=wasm-ld-22',
  '-Clink-arg=-zstack-size=32768',
  '-Clink-arg=--initial-memory=131072',
];
const CARGO_FLAGS = [
  '--release',
  '--locked',
  '--lib',
  '--no-default-features',
  '--features=browser',
  `--target=${TARGET}`,
  '-Zbuild-std=std,panic_abort',
  '-Zbuild-std-features=optimize_for_size',
];

/** What makes the smallest JavaScript of it, not the smallest WebAssembly. */
const OPTIMIZATIONS = [
  '-Oz',
  '--low-memory-unused',
  '--flatten',
  '--rereloop',
  '--always-inline-max-function-size=0',
  '-Oz',
  '--converge',
];

/** The browser's entry, minified and gzipped, must not be larger, in bytes. */
const BUDGET = 44000;

/** The sources that the policy is compiled from. */
function sources() {
  const below = (folder) =>
    readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (/\btests?(?:\.rs)?$/.test(entry.name)) return [];
      return entry.isDirectory() ? below(name) : [name];
    });
  return ['src/browser.rs', ...below('src/browser'), ...below('src/policy')].sort();
}

/** The hash of the sources. */
function sourceHash() {
  const hash = createHash('sha256');
  for (const name of sources()) hash.update(`${name}\0${readFileSync(path.join(ROOT, name))}\0`);
  return hash.digest('hex');
}

/** What the compiler calls itself, or undefined. */
function compiler() {
  if (!existsSync(RUSTC) || !has('wasm-ld-22')) return undefined;
  const { ok, output } = capture(RUSTC, ['--version']);
  return ok && existsSync(STD) ? output.trim() : undefined;
}

function header(rustc) {
  return [
    '// @ts-nocheck',
    '// Made by `npm run build:browser`: not to be changed here.',
    `// compiler: ${rustc}; ${BINARYEN}; esbuild@${require('esbuild').version}`,
    `// flags: ${[...CARGO_FLAGS, ...RUST_FLAGS].join(' ')}; wasm-opt ${OPTIMIZATIONS.join(' ')}; wasm2js -Oz`,
    `// sources: sha256 ${sourceHash()}`,
    '',
  ].join('\n');
}

/** What wasm2js writes of its data: as base64. */
const DATA = /base64DecodeToExistingUint8Array\(bufferView, (\d+), "(.*)"\);$/gm;
const DATA_READER = /^ {2}var base64ReverseLookup[\s\S]*?(?=^function initActiveSegments)/m;

/** As shorter text: most of the data is words. */
const dataAsText = (text) =>
  text
    .replace(
      DATA,
      (_, at, data) => `put(${at}, ${JSON.stringify(Buffer.from(data, 'base64').toString('latin1'))});`,
    )
    .replace(
      DATA_READER,
      'function put(at, data) { for (var i = 0; i < data.length; ++i) bufferView[at + i] = data.charCodeAt(i); }\n',
    );

/** Without what wasm2js writes for every module and this one does not use, as the addresses that the linker exports. */
function withoutUnused(text) {
  const used = text
    .replace(/, \n {2}"__\w+": \{\n {3}get value[\s\S]*?^ {2}\}/gm, '')
    .replace(/^ {3}"grow": \{\n.*\n {3}\}, \n/m, '');
  const isUnused = (name) => used.split(name).length === used.split(`${name} = `).length;
  return [...used.matchAll(/^ var ([\w$]+) = (?:\d|Math|new)/gm)]
    .filter(([, name]) => isUnused(name))
    .reduce(
      (left, [, name]) =>
        left.replace(new RegExp(`^ +(?:var )?${name.replace('$', '\\$')} = .*\n`, 'gm'), ''),
      used,
    );
}

/** Compiles the policy: the text of policy.mjs and of its twin. */
function compile(rustc) {
  const target = path.join(process.env.CARGO_TARGET_DIR || path.join(ROOT, 'target'), 'browser');
  run('cargo', ['build', ...CARGO_FLAGS], {
    env: {
      ...process.env,
      RUSTC,
      RUSTC_BOOTSTRAP: '1',
      RUSTFLAGS: RUST_FLAGS.join(' '),
      CARGO_TARGET_DIR: target,
      CARGO_PROFILE_RELEASE_OPT_LEVEL: 'z',
      CARGO_PROFILE_RELEASE_PANIC: 'abort',
      // As Cargo.toml has them: who builds the addon in haste has others for it.
      CARGO_PROFILE_RELEASE_LTO: 'fat',
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '1',
      CARGO_INCREMENTAL: '0',
    },
  });
  const bin = (name) => path.join(runtime('binaryen', BINARYEN), 'node_modules', 'binaryen', 'bin', name);
  const wasm = path.join(target, 'policy.wasm');
  const built = path.join(target, TARGET, 'release', 'websocket_reconnect_native.wasm');
  const features = '--enable-bulk-memory';
  const stripped = ['--strip-debug', '--strip-producers'];
  run(process.execPath, [bin('wasm-opt'), features, ...OPTIMIZATIONS, ...stripped, built, '-o', wasm]);
  const raw = path.join(target, 'policy.raw.mjs');
  run(process.execPath, [bin('wasm2js'), features, '-Oz', wasm, '-o', raw]);
  const text = withoutUnused(dataAsText(readFileSync(raw, 'utf8')));
  const [body, rest] = text.split(/^var retasmFunc = asmFunc\(\{\n\}\);$/m);
  if (rest === undefined) throw new Error('wasm2js writes its module in another way');
  // What wasm2js lays beside the function is of one instance too: the view of its memory.
  const exported = `function instantiate() {\n${body}\nreturn asmFunc({});\n}\nexport { instantiate as default };\n`;
  const { transformSync } = require('esbuild');
  // The code uses no syntax of after 2015.
  const minified = transformSync(exported, { minify: true, format: 'esm', target: 'es2018' }).code;
  const twin = transformSync(exported, { minify: true, format: 'cjs', target: 'es2018' }).code;
  return {
    esm: `${header(rustc)}${minified}`,
    cjs: `${header(rustc)}${twin}module.exports = module.exports.default;\n`,
  };
}

/** Brings the compiler where it is missing and can be had. */
function bringCompiler() {
  if (compiler() === undefined && has('apt-get')) installPackages(PACKAGES);
}

function build() {
  bringCompiler();
  const rustc = compiler();
  if (rustc === undefined) throw new Error(`The compiler is missing: ${PACKAGES.join(', ')} of Debian`);
  const { esm, cjs } = compile(rustc);
  writeFileSync(POLICY, esm);
  writeFileSync(TWIN, cjs);
  writeFileSync(OF_LAB, esm);
  bundle();
}

/** What is wrong with the artefact. It is made again where its compiler is there. */
function check() {
  const faults = [];
  const text = readFileSync(POLICY, 'utf8');
  const told = (name) => (new RegExp(`^// ${name}: (?:sha256 )?(.*)$`, 'm').exec(text) || [])[1];
  if (told('sources') !== sourceHash()) {
    faults.push('src/policy/ or src/browser/ has changed: npm run build:browser');
  }
  if (readFileSync(OF_LAB, 'utf8') !== text) faults.push('docs/lab/policy.mjs is not lib/browser/policy.mjs');
  const rustc = compiler();
  const isSame = rustc !== undefined && told('compiler').startsWith(`${rustc}; ${BINARYEN}; `);
  if (isSame && faults.length === 0) {
    const { esm, cjs } = compile(rustc);
    if (esm !== text) faults.push('lib/browser/policy.mjs is not what the sources give');
    if (cjs !== readFileSync(TWIN, 'utf8')) faults.push('lib/browser/policy.js is not what the sources give');
  }
  console.log(
    isSame ? 'made again by the same compiler' : `not made again: the compiler is ${rustc || 'not there'}`,
  );
  const size = bundle();
  console.log(`the browser's entry: ${size} bytes, minified and gzipped`);
  if (size > BUDGET) faults.push(`the browser's entry has ${size} bytes; allowed are ${BUDGET}`);
  return faults;
}

/** What the parts of Node that lib/ requires are in a browser. */
const IN_BROWSERS = {
  events: 'lib/browser/events.js',
  util: 'lib/browser/util.js',
};
/** The same of what lies in lib/ itself. */
const STAND_INS = /\/(?:loop|options\/proxy|request-headers|response-headers)\.js$/;

/** A value as JavaScript, with its keys as code has them: those in quotes keep their names. */
const literal = (value) => JSON.stringify(value).replace(/"(\w+)":/g, '$1:');

/** Of the options of `ws` those that a browser takes, and the names of the others, which it knows to refuse. */
function websocketTable() {
  const { WEBSOCKET_TABLE } = require('../lib/options/websocket-table.js');
  const { readers } = require('../lib/browser/websocket-options.js');
  const rows = WEBSOCKET_TABLE.filter((row) => row.group === 'websocketOptions');
  const isTaken = ({ name }) => readers.WEBSOCKET_OPTIONS.includes(name);
  const taken = rows.filter(isTaken).map(({ group, path, takes, ...row }) => row);
  const others = rows.filter((row) => !isTaken(row)).map(({ name }) => name);
  return [
    "import { group } from './rows.js';",
    `const others = '${others.join(' ')}'.split(' ').map((name) => ({ name }));`,
    `export const WEBSOCKET_TABLE = group('websocketOptions', 'route', [...others, ...${literal(taken)}]);`,
  ].join('\n');
}

const inBrowsers = {
  name: 'in-browsers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:events|util)$/ }, ({ path: name }) => ({
      path: path.join(ROOT, IN_BROWSERS[name]),
    }));
    onResolve({ filter: STAND_INS }, ({ path: file }) => ({
      path: path.join(ROOT, 'lib', 'browser', path.basename(file)),
    }));
    // There is no proxy that a browser could be told.
    onLoad({ filter: /\/proxy-table\.js$/ }, () => ({ contents: 'export const PROXY_TABLE = [];' }));
    onLoad({ filter: /\/websocket-table\.js$/ }, () => ({ contents: websocketTable() }));
  },
};

/** The text of a CommonJS module of lib/ as an ES module, of which a bundle needs neither wrappers nor what nobody imports. */
function asModule(file) {
  const imported = (_, names, from) => {
    if (names.startsWith('{')) return `import ${names.replace(/(\w+): (\w+)/g, '$1 as $2')} from '${from}';`;
    const required = IN_BROWSERS[from] || path.join(path.dirname(file), from);
    const exported = readFileSync(path.resolve(ROOT, required), 'utf8');
    return `import ${/^module\.exports = \{/m.test(exported) ? '* as ' : ''}${names} from '${from}';`;
  };
  const text = readFileSync(file, 'utf8')
    .replace(/^const (\{[^}]*\}|\w+) = require\('([^']+)'\);$/gm, imported)
    // As TypeScript's: esbuild puts the numbers in the place of the names then.
    .replace(
      /^const ([A-Z]+) = Object\.freeze\(\{((?:\s*\w+: \d+,?)+\s*)\}\);$/gm,
      (_, name, members) => `const enum ${name} {${members.replace(/:/g, ' =')}}`,
    )
    .replace(/^module\.exports = (\{[^}]*\});$/gm, 'export $1;')
    .replace(/^module\.exports = (\w+);$/gm, 'export default $1;');
  if (/\brequire\(|\bmodule\.exports\b/.test(text)) throw new Error(`${file}: not written as the others are`);
  return text;
}

const asModules = {
  name: 'as-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/policy\.js$/ }, () => ({ path: POLICY }));
    onLoad({ filter: /\.js$/ }, ({ path: file }) => ({ contents: asModule(file), loader: 'ts' }));
  },
};

/** The policy by itself, which is minified already: among the names of all the rest it would have longer ones, and take a kilobyte more. */
const APART = 'policy';

const policyApart = {
  name: 'policy-apart',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/policy\.js$/ }, () => ({ path: POLICY, namespace: 'apart' }));
    onLoad({ filter: /./, namespace: 'apart' }, () => ({ contents: `export default ${APART};` }));
  },
};

/** Where the names stand that users and platforms know. */
function declared() {
  const modules = path.join(ROOT, 'node_modules');
  const below = (folder) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return below(file);
      return file.endsWith('.d.ts') ? [file] : [];
    });
  const ofPlatforms = below(path.join(modules, 'typescript', 'lib')).filter((file) =>
    /\/lib\.[\w.]+$/.test(file),
  );
  return [path.join(ROOT, 'index.d.ts'), ...ofPlatforms, ...below(path.join(modules, '@types', 'node'))];
}

const WORD = /[A-Za-z]\w*/g;
const QUOTED = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`[^`]*`/g;

/**
 * The properties of a bundle that are nobody else's, that no text of it names, and that no module exports: the minified one has shorter
 * names for them.
 */
function ownNames(bundled) {
  const texts = [...declared().map((file) => readFileSync(file, 'utf8')), ...bundled.match(QUOTED)];
  // Where two modules have the same name, the bundle has a number behind one of them.
  const exported = [...bundled.matchAll(/^(?:var|function|class) ([A-Za-z]\w*?)\d*\b/gm)].map(
    ([, name]) => name,
  );
  const known = new Set([...texts.flatMap((text) => text.match(WORD)), ...exported]);
  const used = [...bundled.matchAll(/(?:\.|^ +(?:get |set |static )?)([A-Za-z]\w*)/gm)].map(
    ([, name]) => name,
  );
  return [...new Set(used)].filter((name) => name.length > 3 && !known.has(name));
}

/** Bundles what browsers load into browser/; returns how large the minified entry is when gzipped. */
function bundle() {
  mkdirSync(BUNDLES, { recursive: true });
  // esbuild takes plugins only where it is waited for: that is a process of its own.
  run(process.execPath, [__filename, 'bundle']);
  return gzipSync(readFileSync(path.join(BUNDLES, 'websocket-reconnect.min.js')), { level: 9 }).length;
}

async function bundleAll() {
  const { build: make } = require('esbuild');
  /** @type {any} */
  const common = {
    bundle: true,
    platform: 'neutral',
    target: 'es2018',
    plugins: [inBrowsers],
    logLevel: 'warning',
  };
  const banner = { js: '/* websocket-reconnect-native, for browsers: docs/browsers.md */' };
  const entry = (name) => path.join(ROOT, 'lib', 'browser', name);
  const apart = readFileSync(POLICY, 'utf8').replace(
    /export\s*\{\s*(\w+) as default\s*\};\s*$/,
    'return $1;',
  );
  const module = path.join(BUNDLES, 'index.mjs');
  await make({
    ...common,
    plugins: [inBrowsers, asModules],
    banner,
    entryPoints: [entry('index.mjs')],
    format: 'esm',
    outfile: module,
  });
  await Promise.all([
    make({
      ...common,
      banner,
      entryPoints: [entry('index.js')],
      format: 'cjs',
      outfile: path.join(BUNDLES, 'index.js'),
    }),
    make({
      ...common,
      plugins: [policyApart, inBrowsers, asModules],
      banner: { js: `${banner.js}\n(()=>{const ${APART}=(()=>{${apart.replace(/^\/\/.*\n/gm, '')}})();` },
      footer: { js: '})();' },
      minify: true,
      mangleProps: new RegExp(`^(?:${ownNames(readFileSync(module, 'utf8')).join('|')})$`),
      entryPoints: [entry('script.mjs')],
      format: 'esm',
      outfile: path.join(BUNDLES, 'websocket-reconnect.min.js'),
    }),
  ]);
}

module.exports = { BUDGET, BUNDLES, bundle, check, sourceHash };

if (require.main === module) {
  const [command] = process.argv.slice(2);
  if (command === 'bundle')
    bundleAll().catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
  else if (command === 'check') {
    const faults = check();
    for (const fault of faults) console.error(fault);
    process.exitCode = faults.length > 0 ? 1 : 0;
  } else build();
}
