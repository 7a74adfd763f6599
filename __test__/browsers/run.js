'use strict';

// Runs the tests of `__test__/browsers/` in Chromium, Firefox ESR and WebKitGTK of Debian: `npm run test:browsers`; `-- Firefox` in those
// whose name has that in it, `-- bundles` what bundlers make.

const { existsSync } = require('fs');
const { has, run, runtime } = require('../../scripts/tools.js');
const { BROWSERS } = require('./drivers.js');
const { serve } = require('./server.js');
const { bundled } = require('./bundlers.js');
const peer = require('../peer/index.js');
const { startChatServer } = require('../../examples/servers/chat-server.js');

const PUPPETEER = 'puppeteer-core@24.43.1';
/** Debian's packages, each with a file that it brings. */
const PACKAGES = {
  chromium: '/usr/bin/chromium',
  'firefox-esr': '/usr/bin/firefox-esr',
  'webkit2gtk-driver': '/usr/bin/WebKitWebDriver',
  xvfb: '/usr/bin/Xvfb',
};
/** So long, in ms, one page of tests may take. */
const LIMIT = 60000;

function bringBrowsers() {
  const missing = Object.keys(PACKAGES).filter((name) => !existsSync(PACKAGES[name]));
  if (missing.length === 0) return;
  if (!has('apt-get')) throw new Error(`missing: ${missing.join(', ')} of Debian`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing]);
}

let give = (_result) => {};
let current;

/** Has the browser do to its page what that asks for, once it has the answer; tells whether it can. */
function grant(does, time) {
  const { [does]: run } = current.does;
  const { faults } = current;
  if (run !== undefined) setTimeout(() => run(time).catch((error) => faults.push(error.message)), 50);
  return run !== undefined;
}

/** What the page at `url` posts. */
async function resultOf(browser, url) {
  let timer;
  const result = new Promise((resolve, reject) => {
    give = resolve;
    timer = setTimeout(() => reject(new Error(`${url} has posted nothing within ${LIMIT} ms`)), LIMIT);
  });
  await browser.open(url);
  return result.finally(() => clearTimeout(timer));
}

const counts = { passed: 0, failed: 0 };

function count(name, error) {
  counts[error === undefined ? 'passed' : 'failed'] += 1;
  console.log(
    `  ${error === undefined ? 'ok' : 'FAILED'} ${name}${error === undefined ? '' : `\n    ${error}`}`,
  );
}

/** Has the page use the class against a server that echoes, and tells what came back. */
async function uses(browser, name, page) {
  const server = await peer.startServer({ echo: true });
  try {
    const { used } = await resultOf(browser, `${page}?url=${encodeURIComponent(server.url)}`);
    count(name, used === 'hello' ? undefined : `found ${used}`);
  } catch (error) {
    count(name, [error, ...browser.faults].join('\n    '));
  }
}

/** Has an expression in the page be so. */
async function becomes(browser, expression, expected) {
  const deadline = Date.now() + LIMIT / 4;
  for (;;) {
    const found = await browser.evaluate(expression);
    if (found === expected) return;
    if (Date.now() > deadline) throw new Error(`${expression}: found '${found}', expected '${expected}'`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Clicks through the page of the chat example, whose server is lost in between. */
async function chats(browser) {
  const state = "document.getElementById('status').textContent";
  const messages = "[...document.querySelectorAll('li')].map((line) => line.textContent).join(', ')";
  const say = (text) =>
    browser.evaluate(
      `(document.getElementById('text').value = '${text}', document.querySelector('button').click())`,
    );
  let server = await startChatServer();
  try {
    await browser.open(`${server.page}?user=ann`);
    await becomes(browser, state, 'in lobby with ann');
    await say('hello');
    await becomes(browser, messages, 'ann: hello');
    const { port } = server;
    await server.stop();
    await becomes(browser, `${state}.startsWith('connection lost')`, true);
    await say('anybody?');
    server = await startChatServer({ port });
    await becomes(browser, messages, 'ann: hello, ann: anybody?');
  } finally {
    await browser.open('about:blank');
    await server.stop();
  }
}

async function chatsWell(browser) {
  const name = 'the page of the chat example talks, and comes back when its server does';
  await chats(browser).then(
    () => count(name),
    (error) => count(name, [error, ...browser.faults].join('\n    ')),
  );
}

async function test(name, origin, folder, bundles, isBundlesOnly) {
  const browser = await BROWSERS[name](folder);
  current = browser;
  console.log(`== ${name}: ${browser.version}`);
  try {
    if (!isBundlesOnly) {
      const { results, kept } = await resultOf(browser, `${origin}/__test__/browsers/suite.html`);
      for (const { name: test, error } of results) count(test, error);
      if (!kept)
        console.log(
          '  (this browser does not keep a page that is left with a connection, so that it is not connected again)',
        );
      await uses(
        browser,
        'a script tag sets window.WebSocketReconnect',
        `${origin}/__test__/browsers/script-tag.html`,
      );
      await uses(
        browser,
        "timers: 'worker' has a Worker tell the time",
        `${origin}/__test__/browsers/worker.html`,
      );
      await chatsWell(browser);
    }
    for (const bundler of bundles)
      await uses(browser, `a bundle by ${bundler}`, `${origin}/bundles/${bundler}/index.html`);
  } catch (error) {
    count('the page', [error, ...browser.faults].join('\n    '));
  } finally {
    await browser.stop();
  }
}

async function main() {
  bringBrowsers();
  const folder = runtime('puppeteer', PUPPETEER);
  const filters = process.argv.slice(2);
  const isBundlesOnly = filters.includes('bundles');
  const { folder: bundles, names, errors } = bundled();
  for (const [name, error] of Object.entries(errors)) count(`a bundle by ${name}`, error);
  const { origin, stop } = await serve({ bundles }, (result) => give(result), grant);
  const wanted = filters.filter((filter) => filter !== 'bundles');
  for (const name of Object.keys(BROWSERS)) {
    if (wanted.length > 0 && !wanted.some((filter) => name.includes(filter))) continue;
    // What bundlers make is the same for all.
    await test(name, origin, folder, name === 'Chromium' ? names : [], isBundlesOnly);
  }
  stop();
  await peer.stopServers();
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
