'use strict';

// The code in the documents. A snippet of JavaScript under `<!-- runnable: TEXT -->` must print TEXT when it runs
// against a server that echoes, or the examples' GraphQL server; each other one must run to its end with what
// FRAME has besides. One under `<!-- file: NAME -->` must be what that file has, which tests of its own run. Those of TypeScript, and
// the examples in the types, must compile.

const { spawn } = require('child_process');
const { readFileSync, readdirSync } = require('fs');
const path = require('path');
const ts = require('typescript');
const { startGraphQLServer } = require('../examples/servers/graphql-server.js');
const { ServerProcess } = require('../lib/cli/demo/server-process.js');
const { ROOT } = require('./tools.js');

const DEADLINE_MS = 15000;
/** So many snippets run at once. */
const AT_ONCE = 4;
const SNIPPET = /^(?:<!-- (runnable|file): (.+) -->\n+)?```(js|ts)\n([\s\S]*?)^```$/gm;
const EXAMPLE = /^ *\* ```ts\n([\s\S]*?)^ *\* ```$/gm;
/** Where the documents say that a server is. */
const PLACE = 'ws://127.0.0.1:8080';

/** What a fragment prints once it has run. */
const RAN = 'ran to its end';

/** A fragment with what it leaves to its reader: a client that is open, and things of the reader's own. */
const FRAME = (code) => `
const { once } = require('events');
const { WebSocketReconnect } = require('websocket-reconnect-native');
const url = '${PLACE}';
const handle = () => {}, store = async () => {}, freshToken = async () => 'token', ticket = freshToken;
const source = [Buffer.from('chunk')];
const redis = { evalsha: () => new Promise(() => {}), eval: () => new Promise(() => {}) };
(async () => {
  const ws = new WebSocketReconnect({ url });
  await ws.connect();
  await (async () => {
${code}
  })();
  console.log('${RAN}');
  process.exit();
})();
`;
/** The same for TypeScript's compiler. */
const TYPED_FRAME = (code) => `
import { WebSocketReconnect } from 'websocket-reconnect-native';
import { createServer, VirtualLink } from 'websocket-reconnect-native/testing';
declare const ws: WebSocketReconnect;
declare const session: import('events').EventEmitter;
declare const freshToken: () => Promise<string>;
declare const fetchTicket: (options: { signal: unknown }) => Promise<string>;
export async function example() {
${code}
}
`;

const documents = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const isModule = (code) => /^import /m.test(code);

const textOf = (name) => readFileSync(path.join(ROOT, name), 'utf8').replace(/\r\n/g, '\n');
const lineAt = (text, index) => text.slice(0, index).split('\n').length;

/** The snippets of a document, each with the line that it begins on. */
function snippetsOf(name) {
  const text = textOf(name);
  return [...text.matchAll(SNIPPET)].map((match) => {
    const [whole, kind, said, language, code] = match;
    const place = `${name}:${lineAt(text, match.index + whole.indexOf('```'))}`;
    return { place, [kind === 'file' ? 'file' : 'expected']: said, language, code };
  });
}

/** The examples in the comments of types. */
function examples(name) {
  const text = textOf(name);
  return [...text.matchAll(EXAMPLE)].map(({ 1: code, index }) => ({
    place: `${name}:${lineAt(text, index)}`,
    code: code.replace(/^ *\* ?/gm, ''),
  }));
}

/** Compiles snippets of TypeScript as the tests' types are compiled; returns what is wrong with each that is. */
function compile(snippets) {
  const config = path.join(ROOT, '__test__', 'types', 'tsconfig.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    path.dirname(config),
  );
  const texts = new Map(
    snippets.map(({ code }, i) => [
      path.join(ROOT, `snippet-${i}.mts`),
      isModule(code) ? code : TYPED_FRAME(code),
    ]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => texts.has(path.normalize(file)) || fileExists(file);
  host.readFile = (file) => texts.get(path.normalize(file)) || readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const text = texts.get(path.normalize(file));
    return text === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, text, rest[0]);
  };
  const program = ts.createProgram(
    [...texts.keys()],
    { ...options, lib: [...options.lib, 'lib.dom.d.ts'] },
    host,
  );
  const found = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const at = file ? [...texts.keys()].indexOf(path.normalize(file.fileName)) : -1;
    const place = at < 0 ? 'the types' : snippets[at].place;
    return `${place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
  return found;
}

/** The code as it is run: against the servers of this run. Nothing leaves this machine. */
function placed(code, { echo, graphql }) {
  return code
    .split(`${PLACE}/graphql`)
    .join(graphql)
    .split(PLACE)
    .join(echo)
    .replace(/wss:\/\/([\w.]+)/g, `${echo}/$1`);
}

/** Runs a snippet until it has printed what it must; says what went wrong instead. */
function run({ code, expected = RAN }, urls) {
  const type = `--input-type=${isModule(code) ? 'module' : 'commonjs'}`;
  const whole = expected === RAN ? FRAME(code) : code;
  const child = spawn(process.execPath, [type, '--eval', placed(whole, urls)], { cwd: ROOT });
  return new Promise((resolve) => {
    let printed = '';
    let trouble = '';
    const deadline = setTimeout(() => end('in time'), DEADLINE_MS);
    const end = (missing) => {
      clearTimeout(deadline);
      child.removeAllListeners();
      child.kill();
      resolve(missing && `did not print '${expected}' ${missing}:\n${printed}${trouble}`);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      printed += chunk;
      if (printed.includes(expected)) end();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      trouble += chunk;
    });
    child.on('error', (error) => end(`(${error.message})`));
    child.on('close', (status) => end(`and ended with ${status}`));
  });
}

async function check() {
  const snippets = documents.flatMap(snippetsOf);
  const copies = snippets.filter(({ file }) => file !== undefined);
  const scripts = snippets.filter(({ language, file }) => language === 'js' && file === undefined);
  const typed = [
    ...snippets.filter(({ language }) => language === 'ts'),
    ...['index.d.ts', 'testing.d.ts'].flatMap(examples),
  ];
  const echo = await ServerProcess.start();
  const graphql = await startGraphQLServer();
  const urls = { echo: `ws://127.0.0.1:${echo.port}`, graphql: graphql.url };
  const faults = compile(typed);
  for (const { place, file, code } of copies) {
    if (textOf(file) !== code) faults.push(`${place}: is not what ${file} has`);
  }
  const left = scripts.values();
  const runSome = async () => {
    for (const snippet of left) {
      const problem = await run(snippet, urls);
      if (problem) faults.push(`${snippet.place}: ${problem}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runSome));
  await Promise.all([echo.kill(), graphql.stop()]);
  for (const fault of faults) console.error(fault);
  const printing = scripts.filter(({ expected }) => expected).length;
  console.log(
    `${scripts.length} snippets ran, ${printing} of them printed what they must; ${typed.length} compiled; ${copies.length} are files`,
  );
  if (faults.length > 0 || printing === 0 || typed.length === 0 || copies.length === 0) process.exitCode = 1;
}

check().catch((error) => {
  console.error(error);
  process.exit(1);
});
