'use strict';

// Runs the tests of `__test__/browsers/` in Chromium, Firefox ESR and WebKitGTK of Debian: `npm run test:browsers`; `-- Firefox` in those
// whose name has that in it, `-- bundles` what bundlers make.

const { existsSync } = require('fs');
const { has, run, runtime } = require('../../scripts/tools.js');
const { BROWSERS } = require('./drivers.js');
const { serve } = require('./server.js');
const { bundled } = require('./bundlers.js');
const peer = require('../peer/index.js');

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

async function test(name, origin, folder, bundles, isBundlesOnly) {
  const browser = await BROWSERS[name](folder);
  console.log(`== ${name}: ${browser.version}`);
  try {
    if (!isBundlesOnly) {
      const { results, kept } = await resultOf(browser, `${origin}/__test__/browsers/suite.html`);
      for (const { name: test, error } of results) count(test, error);
      if (!kept)
        console.log('  (this browser does not keep a page that is left, so that it is not connected again)');
      await uses(
        browser,
        'a script tag sets window.WebSocketReconnect',
        `${origin}/__test__/browsers/script-tag.html`,
      );
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
  const { origin, stop } = await serve({ bundles }, (result) => give(result));
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
