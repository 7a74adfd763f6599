'use strict';

// The JavaScript in the documents: each snippet must parse, and one under `<!-- runnable: TEXT -->` must
// print TEXT when it runs against a server that echoes, or the examples' GraphQL server.

const { spawn } = require('child_process');
const { readFileSync, readdirSync } = require('fs');
const path = require('path');
const { Script } = require('vm');
const { startGraphQLServer } = require('../examples/servers/graphql-server.js');
const { ServerProcess } = require('./demo/server-process.js');
const { ROOT } = require('./tools.js');

const DEADLINE_MS = 15000;
const SNIPPET = /^(?:<!-- runnable: (.+) -->\n+)?```js\n([\s\S]*?)^```$/gm;
/** Where the documents say that a server is. */
const PLACE = 'ws://127.0.0.1:8080';

const documents = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The snippets of a document, each with the line that it begins on. */
function snippetsOf(name) {
  const text = readFileSync(path.join(ROOT, name), 'utf8').replace(/\r\n/g, '\n');
  return [...text.matchAll(SNIPPET)].map((match) => {
    const [whole, expected, code] = match;
    const before = text.slice(0, match.index + whole.indexOf('```js'));
    return { place: `${name}:${before.split('\n').length}`, expected, code };
  });
}

function isModule(code) {
  return /^import /m.test(code);
}

/** Says what is wrong with a snippet's syntax. A module is left to the run that it is marked for. */
function parse({ code, expected }) {
  if (isModule(code)) return expected ? undefined : 'a module must be marked as runnable to be checked';
  try {
    new Script(`(async () => {${code}\n})`);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Runs a snippet until it has printed what it must; says what went wrong instead. */
function run({ code, expected }, urls) {
  const placed = code.split(`${PLACE}/graphql`).join(urls.graphql).split(PLACE).join(urls.echo);
  const type = `--input-type=${isModule(code) ? 'module' : 'commonjs'}`;
  const child = spawn(process.execPath, [type, '--eval', placed], { cwd: ROOT });
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
  const echo = await ServerProcess.start();
  const graphql = await startGraphQLServer();
  const urls = { echo: `ws://127.0.0.1:${echo.port}`, graphql: graphql.url };
  let ran = 0;
  for (const snippet of snippets) {
    let problem = parse(snippet);
    if (!problem && snippet.expected) {
      ran += 1;
      problem = await run(snippet, urls);
    }
    if (!problem) continue;
    console.error(`${snippet.place}: ${problem}`);
    process.exitCode = 1;
  }
  await Promise.all([echo.kill(), graphql.stop()]);
  if (ran === 0) throw new Error('no snippet is marked as runnable');
  console.log(`${snippets.length} snippets parsed, ${ran} of them run`);
}

check().catch((error) => {
  console.error(error);
  process.exit(1);
});
