'use strict';

// Installs the packed package as its users do, with every installer and in the ways that go wrong, and has it exchange a message.
// The registry is one of its own: __test__/install/registry.js. docs/installing.md tells the results.
// Usage: test-install.js [PART OF A NAME]. A git URL takes what the build needs from the real registry.

const { once } = require('events');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { WebSocketServer } = require('ws');
const { ROOT, capturing, install, pathWithoutCargo } = require('./tools.js');

const FOLDER = path.join(ROOT, '__test__', 'install');
install(FOLDER);
const { NAME, publishAll, startRegistry } = require('../__test__/install/registry.js');
const { WAYS, WORKS } = require('../__test__/install/ways.js');

const INSTALL_MS = 300000;
const USE_MS = 20000;
/** How many ways are tried at a time. */
const BESIDE = 2;

const [wanted = ''] = process.argv.slice(2);
const home = mkdtempSync(path.join(os.tmpdir(), 'wsr-install-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

/** The environment without what npm tells a script that it runs. */
const bare = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key)));
const quiet = { npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false' };

/** That of an installer that knows our registry alone, with no cargo. Those that wait until a release is a day old do not. */
const offline = (registry) => ({
  ...bare,
  ...quiet,
  PATH: pathWithoutCargo(),
  HOME: home,
  XDG_CACHE_HOME: path.join(home, 'cache'),
  XDG_DATA_HOME: path.join(home, 'data'),
  npm_config_registry: registry,
  npm_config_cache: path.join(home, 'npm'),
  pnpm_config_registry: registry,
  pnpm_config_store_dir: path.join(home, 'pnpm'),
  pnpm_config_minimum_release_age: '0',
  BUN_CONFIG_REGISTRY: registry,
  BUN_INSTALL_CACHE_DIR: path.join(home, 'bun'),
  YARN_CACHE_FOLDER: path.join(home, 'yarn'),
  YARN_ENABLE_GLOBAL_CACHE: 'false',
  YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
  YARN_ENABLE_TELEMETRY: '0',
  YARN_NPM_MINIMAL_AGE_GATE: '0',
  YARN_NPM_REGISTRY_SERVER: registry,
  YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
});

/** Sends a message and prints the answer to it. */
const useOf = (name) => `const { WebSocketReconnect } = require('${name}');
const ws = new WebSocketReconnect({ url: process.argv[2] });
ws.on('message', (event) => {
  console.log('received', event.data);
  ws.close();
});
ws.on('error', (error) => console.error(error.message));
ws.connect();
ws.send('hello');
`;

/** An empty project: its folder, and what runs in it. */
function project(name, registry, echo) {
  const cwd = path.join(home, 'projects', name.replace(/\W+/g, '-'));
  mkdirSync(cwd, { recursive: true });
  const env = offline(registry);
  const write = (file, text) => writeFileSync(path.join(cwd, file), text);
  write('package.json', '{ "name": "project", "private": true }');
  const run = (command, args, options) =>
    capturing(command, args, { cwd, env, timeout: INSTALL_MS, ...options });
  return {
    cwd,
    env,
    home,
    online: { ...bare, ...quiet },
    write,
    run,
    /** Runs an installer's command; throws where it fails. */
    async must(command, args, options) {
      const { ok, output } = await run(command, args, options);
      if (!ok) throw new Error(`${path.basename(command)} ${args.join(' ')}: ${output}`);
    },
    /** What a script prints that requires the package by that name; `command` runs it. */
    async use({ command = [process.execPath], name = NAME, env: more = {} } = {}) {
      write('use.js', useOf(name));
      const [program, ...args] = command;
      const options = { timeout: USE_MS, env: { ...env, ...more } };
      return (await run(program, [...args, 'use.js', echo], options)).output.trim();
    },
  };
}

/** Tries a way; returns whether it ends as it has to. */
async function attempt(name, registry, echo) {
  const { run, prints = WORKS } = WAYS[name];
  const started = Date.now();
  let output;
  try {
    output = await run(project(name, registry, echo));
  } catch (error) {
    output = error.stack;
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const word = output === undefined ? 'not run' : prints.test(output) ? 'ok     ' : 'FAILED ';
  console.log(`${word} ${name} (${seconds} s)`);
  if (word === 'FAILED ') console.log(output);
  return word;
}

async function main() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
  await once(server, 'listening');
  const { port } = /** @type {import('net').AddressInfo} */ (server.address());
  const registry = await startRegistry(path.join(home, 'registry'));
  process.on('exit', registry.end);
  await publishAll(registry.url, path.join(home, 'tarballs'), offline(registry.url));
  const names = Object.keys(WAYS).filter((name) => name.includes(wanted));
  const words = [];
  const work = async () => {
    for (let name = names.shift(); name; name = names.shift()) {
      words.push(await attempt(name, registry.url, `ws://127.0.0.1:${port}`));
    }
  };
  await Promise.all(Array.from({ length: BESIDE }, work));
  const count = (word) => words.filter((one) => one.startsWith(word)).length;
  console.log(`${count('ok')} passed, ${count('FAILED')} failed, ${count('not run')} not run`);
  return count('FAILED') === 0 && count('ok') > 0;
}

main()
  .catch((error) => {
    console.error(error);
    return false;
  })
  .then((isWell) => process.exit(isWell ? 0 : 1));
