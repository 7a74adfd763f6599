'use strict';

// The browsers of the tests: each opens a page, and is ended. Chromium and Firefox are driven over BiDi, WebKitGTK by the calls of the
// W3C's WebDriver.

const { spawn } = require('child_process');
const { mkdtempSync } = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');

/** Opens with puppeteer-core, which lies in `folder`. */
async function byPuppeteer(folder, browser, executablePath, args) {
  const puppeteer = require(require.resolve('puppeteer-core', { paths: [folder] }));
  const launched = await puppeteer.launch({
    browser,
    executablePath,
    protocol: 'webDriverBiDi',
    headless: true,
    args,
    userDataDir: browser === 'chrome' ? mkdtempSync(path.join(os.tmpdir(), 'chromium-')) : undefined,
  });
  /** What the pages have thrown. */
  const faults = [];
  let page;
  return {
    version: await launched.version(),
    faults,
    async open(url) {
      page = await launched.newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(url);
      return page;
    },
    evaluate: (expression) => page.evaluate(expression),
    screenshot: async (page, file, width, height) => {
      await page.setViewport({ width, height });
      await page.screenshot({ path: file });
    },
    stop: () => launched.close(),
  };
}

/** A call of the W3C's WebDriver. */
function call(port, method, where, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method, path: where }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      const { value } = JSON.parse(text);
      if (response.statusCode === 200) resolve(value);
      else reject(new Error(`${method} ${where}: ${value.message}`));
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Calls until somebody answers. */
async function reached(port, deadline = Date.now() + 15000) {
  for (;;) {
    try {
      return await call(port, 'GET', '/status');
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** WebKitGTK's MiniBrowser, on a display of its own. */
async function webkit(port, display) {
  const xvfb = spawn('Xvfb', [`:${display}`, '-screen', '0', '1280x1024x24'], { stdio: 'ignore' });
  const env = { ...process.env, DISPLAY: `:${display}`, WEBKIT_DISABLE_COMPOSITING_MODE: '1' };
  // Its sandbox asks for what containers do not have.
  env.WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS = '1';
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], { stdio: 'ignore', env });
  await reached(port);
  const { sessionId, capabilities } = await call(port, 'POST', '/session', {
    capabilities: {
      alwaysMatch: {
        'webkitgtk:browserOptions': {
          binary: '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
          args: ['--automation'],
        },
      },
    },
  });
  return {
    faults: [],
    version: `WebKitGTK ${capabilities.browserVersion}`,
    open: (url) => call(port, 'POST', `/session/${sessionId}/url`, { url }),
    evaluate: (expression) =>
      call(port, 'POST', `/session/${sessionId}/execute/sync`, { script: `return ${expression}`, args: [] }),
    async stop() {
      await call(port, 'DELETE', `/session/${sessionId}`).catch(() => {});
      driver.kill();
      xvfb.kill();
    },
  };
}

/** Each browser by its name; `evaluate` tells what an expression is in the page that was opened last. */
const BROWSERS = {
  Chromium: (folder) => byPuppeteer(folder, 'chrome', '/usr/bin/chromium', ['--no-sandbox', '--disable-gpu']),
  'Firefox ESR': (folder) => byPuppeteer(folder, 'firefox', '/usr/bin/firefox-esr', []),
  WebKitGTK: () => webkit(4460 + (process.pid % 500), 90 + (process.pid % 500)),
};

module.exports = { BROWSERS };
