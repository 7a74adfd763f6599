'use strict';

const assert = require('assert');
const http = require('http');
const https = require('https');
const net = require('net');
const { certificates } = require('../peer/certificates.js');
const { startServer, stopServers } = require('../peer/index.js');
const { startProxy, startSocks, stopProxies } = require('../support/proxies.js');
const { WebSocketReconnect } = require('../subject.js');

/** What makes an agent of each package, by the URLs of a proxy of HTTP and one of SOCKS; `isSecure`: for `wss:`. */
const AGENTS = {
  'https-proxy-agent 5': ({ proxy }) => require('https-proxy-agent-5')(proxy),
  'https-proxy-agent 7': ({ proxy }) => new (require('https-proxy-agent-7').HttpsProxyAgent)(proxy),
  'https-proxy-agent 9': async ({ proxy }) => new (await import('https-proxy-agent')).HttpsProxyAgent(proxy),
  'socks-proxy-agent 5': ({ socks }) => new (require('socks-proxy-agent-5').SocksProxyAgent)(socks),
  'socks-proxy-agent 10': async ({ socks }) => new (await import('socks-proxy-agent')).SocksProxyAgent(socks),
  'proxy-agent': async ({ proxy }) =>
    new (await import('proxy-agent')).ProxyAgent({ getProxyForUrl: () => proxy }),
  'pac-proxy-agent': async ({ proxy }) => {
    const script = `function FindProxyForURL() { return "PROXY ${proxy.slice('http://'.length)}"; }`;
    return new (await import('pac-proxy-agent')).PacProxyAgent(`pac+data:,${script}`);
  },
  hpagent: ({ proxy }, isSecure) => {
    const { HttpProxyAgent, HttpsProxyAgent } = require('hpagent');
    return new (isSecure ? HttpsProxyAgent : HttpProxyAgent)({ proxy });
  },
};

/** A proxy that opens tunnels, and forwards requests in the form that is for proxies. */
async function startForwarding() {
  const requests = [];
  const server = http.createServer();
  const join = (socket, port, begin) => {
    const far = net.connect(port, '127.0.0.1', () => begin(far));
    for (const [one, other] of [
      [socket, far],
      [far, socket],
    ]) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
    socket.pipe(far).pipe(socket);
  };
  server.on('connect', ({ url }, socket) => {
    requests.push(`CONNECT ${url}`);
    join(socket, url.split(':')[1], () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  });
  server.on('upgrade', ({ url, rawHeaders }, socket) => {
    requests.push(`GET ${url}`);
    const { pathname, port } = new URL(url);
    const lines = [`GET ${pathname} HTTP/1.1`];
    for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
    join(socket, port, (far) => far.write(`${lines.join('\r\n')}\r\n\r\n`));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = () => server.close();
  return { url: `http://127.0.0.1:${server.address().port}`, requests, end };
}

describe('agents', () => {
  const { ca, leaf } = certificates();
  const clients = [];
  let proxy;
  let socks;
  beforeEach(async () => {
    [proxy, socks] = [await startProxy(), await startSocks()];
  });
  afterEach(async () => {
    for (const ws of clients.splice(0)) ws.close();
    stopProxies();
    await stopServers();
  });

  function start(url, agent, transport = 'node') {
    // None but the agent's proxy.
    const websocketOptions = { ca, agent, transport };
    const ws = new WebSocketReconnect({ url, websocketOptions, maxRetries: 0, proxy: false });
    clients.push(ws);
    return ws;
  }

  async function echoes(makeAgent) {
    for (const tls of [undefined, leaf]) {
      const server = await startServer({ echo: true, tls });
      const url = server.url.replace('127.0.0.1', 'localhost');
      const ws = start(url, await makeAgent(tls !== undefined));
      await ws.connect();
      ws.send('there and back');
      await new Promise((resolve) => ws.once('message', resolve));
    }
  }

  for (const [name, make] of Object.entries(AGENTS)) {
    it(`${name} leads there, in the clear and by TLS`, async () => {
      await echoes((isSecure) => make({ proxy: proxy.url, socks: socks.url }, isSecure));
      assert.strictEqual(proxy.requests.length + socks.targets.length, 2);
    });
  }

  for (const [name, make] of Object.entries(AGENTS).filter(([one]) => /^(https|socks)-/.test(one))) {
    it(`${name} has the engine speak with its proxy, credentials and all`, async () => {
      const server = await startServer({ echo: true, tls: leaf });
      const url = server.url.replace('127.0.0.1', 'localhost');
      const agent = await make({ proxy: proxy.url.replace('//', '//me:secret@'), socks: socks.url });
      let isAsked = false;
      const prototype = Object.getPrototypeOf(agent);
      Object.setPrototypeOf(agent, {
        constructor: prototype.constructor,
        addRequest: () => (isAsked = true),
      });
      const ws = start(url, agent, 'auto');
      await ws.connect();
      assert.strictEqual(isAsked, false);
      assert.strictEqual(proxy.requests.length + socks.targets.length, 1);
      if (proxy.requests.length > 0) {
        const expected = `Proxy-Authorization: Basic ${Buffer.from('me:secret').toString('base64')}`;
        assert.ok(proxy.requests[0].includes(expected), proxy.requests[0]);
      }
    });
  }

  it('of more options is for Node alone', async () => {
    const { HttpsProxyAgent } = require('https-proxy-agent-7');
    const server = await startServer({ echo: true });
    const url = server.url.replace('127.0.0.1', 'localhost');
    let isAsked = false;
    const { addRequest } = HttpsProxyAgent.prototype;
    const agent = new HttpsProxyAgent(proxy.url, { keepAlive: true });
    const prototype = Object.create(HttpsProxyAgent.prototype, { constructor: { value: HttpsProxyAgent } });
    prototype.addRequest = function add(...args) {
      isAsked = true;
      return addRequest.apply(this, args);
    };
    Object.setPrototypeOf(agent, prototype);
    await start(url, agent, 'auto').connect();
    assert.strictEqual(isAsked, true);
  });

  it('what a proxy answers is told of', async () => {
    const refusing = await startProxy({ answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n' });
    for (const name of ['https-proxy-agent 5', 'https-proxy-agent 7', 'https-proxy-agent 9']) {
      const ws = start('ws://localhost/', await AGENTS[name]({ proxy: refusing.url }));
      const failed = new Promise((resolve) => ws.on('error', resolve));
      ws.connect();
      assert.strictEqual((await failed).statusCode, 403, name);
    }
  });

  it('http-proxy-agent has the proxy forward the request', async () => {
    const forwarding = await startForwarding();
    const { HttpProxyAgent } = await import('http-proxy-agent');
    const server = await startServer({ echo: true });
    const url = server.url.replace('127.0.0.1', 'localhost');
    const ws = start(url, new HttpProxyAgent(forwarding.url));
    await ws.connect();
    assert.deepStrictEqual(forwarding.requests, [`GET ${url.replace('ws:', 'http:')}`]);
    forwarding.end();
  });

  it('global-agent leads there as http.globalAgent and https.globalAgent', async () => {
    const forwarding = await startForwarding();
    const taken = [http, https].map((one) => ({ ...one }));
    process.env.GLOBAL_AGENT_HTTP_PROXY = forwarding.url;
    require('global-agent').bootstrap();
    try {
      await echoes((isSecure) => (isSecure ? https.globalAgent : http.globalAgent));
    } finally {
      delete process.env.GLOBAL_AGENT_HTTP_PROXY;
      for (const [i, one] of [http, https].entries()) {
        for (const name of ['get', 'globalAgent', 'request']) one[name] = taken[i][name];
      }
    }
    assert.strictEqual(forwarding.requests.length, 2);
    forwarding.end();
  });
});
