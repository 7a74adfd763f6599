'use strict';

// The browsers of the tests: each opens a page, and is ended. Chromium and Firefox are driven over BiDi, WebKitGTK by the calls of the
// W3C's WebDriver.

const { spawn } = require('child_process');
const { mkdtempSync } = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Opens with puppeteer-core, which lies in `folder`. */
async function byPuppeteer(folder, browser, executablePath, args) {
  const puppeteer = require(require.resolve('puppeteer-core', { paths: [folder] }));
  const launched = await puppeteer.launch({
    browser,
    executablePath,
    protocol: 'webDriverBiDi',
    headless: true,
    args,
    // Else it keeps no page for back and forward.
    extraPrefsFirefox: { 'fission.bfcacheInParent': true },
    userDataDir: browser === 'chrome' ? mkdtempSync(path.join(os.tmpdir(), 'chromium-')) : undefined,
  });
  /** What the pages have thrown. */
  const faults = [];
  let page;
  /** Has another tab be in front. */
  const hide = async (time) => {
    const other = await launched.newPage();
    await other.bringToFront();
    await sleep(time);
    await page.bringToFront();
    await other.close();
  };
  const does = {
    hidden: hide,
    async offline(time) {
      await page.setOfflineMode(true);
      await sleep(time);
      await page.setOfflineMode(false);
    },
  };
  if (browser === 'chrome') {
    does.frozen = async (time) => {
      const session = await page.createCDPSession();
      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
      await sleep(time);
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      // Only a hidden page is frozen, and it stays hidden.
      await hide(0);
    };
  }
  return {
    version: await launched.version(),
    faults,
    does,
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
      await sleep(50);
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
  const session = (method, where, body) => call(port, method, `/session/${sessionId}/${where}`, body);
  return {
    faults: [],
    // WebDriver has nothing for the network or for freezing, and a tab that it opens or chooses is not in front in MiniBrowser.
    does: {},
    version: `WebKitGTK ${capabilities.browserVersion}`,
    open: (url) => session('POST', 'url', { url }),
    evaluate: (expression) => session('POST', 'execute/sync', { script: `return ${expression}`, args: [] }),
    async stop() {
      await call(port, 'DELETE', `/session/${sessionId}`).catch(() => {});
      driver.kill();
      xvfb.kill();
    },
  };
}

/**
 * Each browser by its name; `evaluate` tells what an expression is in the page that was opened last, `does` has what the driver can do
 * to it for so many ms.
 */
const BROWSERS = {
  Chromium: (folder) => byPuppeteer(folder, 'chrome', '/usr/bin/chromium', ['--no-sandbox', '--disable-gpu']),
  'Firefox ESR': (folder) => byPuppeteer(folder, 'firefox', '/usr/bin/firefox-esr', []),
  WebKitGTK: () => webkit(4460 + (process.pid % 500), 90 + (process.pid % 500)),
};

module.exports = { BROWSERS };
