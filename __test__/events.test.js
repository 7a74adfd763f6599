'use strict';

const assert = require('assert');
const { deadPort, startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { deadUrl } = require('./support/urls.js');
const { turn } = require('./support/waiting.js');

describe('the event message', () => {
  it('is a MessageEvent with a string for text', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await server.send('ünïcode 🎈');
    const { argument } = await log.until('message');
    assert.strictEqual(argument.type, 'message');
    assert.strictEqual(argument.data, 'ünïcode 🎈');
    assert.strictEqual(argument.target, ws);
  });

  it('is a MessageEvent with a Buffer for binary', async () => {
    const server = await startServer();
    const { log } = await openClient({ url: server.url });
    await server.send('00ff10', { binary: true });
    const { argument } = await log.until('message');
    assert.ok(Buffer.isBuffer(argument.data));
    assert.strictEqual(argument.data.toString('hex'), '00ff10');
  });

  it('comes for each message, in order', async () => {
    const server = await startServer();
    const { log } = await openClient({ url: server.url });
    for (let i = 0; i < 500; i++) server.send(`${i}`);
    await log.until('message 499');
    assert.deepStrictEqual(
      log.of('message').map(({ data }) => data),
      Array.from({ length: 500 }, (_, i) => `${i}`),
    );
  });

  it('is not sent for pings and pongs of the protocol, which are answered', async () => {
    const server = await startServer();
    const { log } = await openClient({ url: server.url });
    await server.ping('are you there');
    assert.deepStrictEqual(await server.pongs(1), ['are you there']);
    assert.deepStrictEqual(log.lines, []);
  });
});

describe('the event open', () => {
  it('tells how the connection came about', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    let args;
    ws.on('open', (...given) => (args = given));
    await ws.connect();
    await new Promise((resolve) => setImmediate(resolve));
    const [{ headers, ...info }, ...more] = args;
    assert.deepStrictEqual(more, []);
    assert.deepStrictEqual(info, {
      isReconnect: false,
      attempt: 0,
      url: server.url,
      statusCode: 101,
      downtime: 0,
    });
    assert.strictEqual(headers.upgrade, 'websocket');
  });
});

describe('the event close', () => {
  it('has code, reason and wasClean', async () => {
    const server = await startServer();
    const { log } = await openClient({ url: server.url });
    await server.close(4001, 'gründlich');
    assert.deepStrictEqual((await log.until('close')).argument, {
      code: 4001,
      reason: 'gründlich',
      wasClean: true,
    });
  });

  it('has 1005 where the server gave no code', async () => {
    const server = await startServer();
    const { log } = await openClient({ url: server.url });
    await server.close();
    assert.strictEqual((await log.until('close')).argument.code, 1005);
  });

  it('at giving up has MAX_RETRIES', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 0 });
    ws.connect();
    const { argument } = await log.until('close MAX_RETRIES');
    assert.strictEqual(argument.code, 'MAX_RETRIES');
    assert.strictEqual(argument.reason, 'Maximum retry attempts (0) exceeded');
  });
});

describe('the event retry', () => {
  it('comes before the wait, with the number of the attempt from 1', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: Infinity });
    let state;
    ws.on('retry', () => (state = ws.state));
    ws.connect();
    const { argument } = await log.until('retry');
    assert.deepStrictEqual(argument, { attempt: 1, delay: 50, maxRetries: Infinity });
    assert.strictEqual(state, 'CLOSED');
    assert.strictEqual(ws.retryCount, 1);
  });
});

describe('the event error', () => {
  const failure = async (options) => {
    const { ws, log } = client({ maxRetries: 0, ...options });
    ws.connect();
    const { argument } = await log.until('error');
    assert.ok(argument instanceof Error);
    assert.strictEqual((await log.until('close')).argument.code, 1006);
    return argument;
  };

  it('has ECONNREFUSED where nobody listens', async () => {
    const port = await deadPort();
    const error = await failure({ url: `ws://127.0.0.1:${port}/` });
    assert.strictEqual(error.code, 'ECONNREFUSED');
    assert.strictEqual(error.message, `connect ECONNREFUSED 127.0.0.1:${port}`);
    assert.strictEqual(error.statusCode, undefined);
  });

  it('has ENOTFOUND where the name does not exist', async () => {
    const error = await failure({ url: 'ws://no-such-host.invalid/' });
    // EAI_AGAIN is what a machine without a name server says.
    assert.ok(['ENOTFOUND', 'EAI_AGAIN'].includes(error.code), `${error.code}: ${error.message}`);
    assert.ok(error.message.includes('no-such-host.invalid'), error.message);
  });

  it('has ECONNRESET where the connection is cut during the handshake', async () => {
    const server = await startServer({ plan: ['cut'] });
    assert.strictEqual((await failure({ url: server.url })).code, 'ECONNRESET');
  });

  it('has statusCode and headers where the server refused the upgrade', async () => {
    const headers = { 'X-Why': 'because', 'Set-Cookie': ['a=1', 'b=2'] };
    const server = await startServer({ plan: ['refuse'], status: 401, headers, body: 'no entry' });
    const error = await failure({ url: server.url });
    assert.strictEqual(error.code, 'WSR_ERR_HANDSHAKE');
    assert.strictEqual(error.statusCode, 401);
    assert.strictEqual(error.headers['x-why'], 'because');
    assert.deepStrictEqual(error.headers['set-cookie'], ['a=1', 'b=2']);
    assert.ok(error.message.includes('401'), error.message);
  });

  it('has statusCode for a 200 and for a redirect that is not followed', async () => {
    for (const status of [200, 301, 404, 500]) {
      const server = await startServer({
        plan: ['refuse'],
        status,
        headers: { Location: 'ws://127.0.0.1:1/' },
      });
      assert.strictEqual((await failure({ url: server.url })).statusCode, status);
    }
  });

  it('has WSR_ERR_HANDSHAKE where the answer is no upgrade', async () => {
    const head = 'HTTP/1.1 101 Switching Protocols\r\n';
    const answers = [
      `${head}Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n`,
      `${head}Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n`,
      `${head}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
      `${head}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm90IHRoZSBrZXk=\r\n\r\n`,
    ];
    for (const upgrade of answers) {
      const server = await startServer({ plan: ['garbage'], upgrade });
      const { code, message } = await failure({ url: server.url });
      assert.strictEqual(code, 'WSR_ERR_HANDSHAKE', message);
    }
  });

  it('comes where the answer is no HTTP at all', async () => {
    const server = await startServer({ plan: ['garbage'], upgrade: 'SSH-2.0-OpenSSH_9.6\r\n\r\n' });
    const { code } = await failure({ url: server.url });
    assert.ok(/^WSR_ERR_/.test(code), code);
  });

  it('counts against the circuit exactly as often as it comes', async () => {
    const server = await startServer({ plan: ['refuse', 'cut', 'refuse'] });
    const { ws, log } = client({ url: server.url, maxRetries: 2 });
    await assert.rejects(ws.connect());
    assert.strictEqual(log.of('error').length, 3);
    assert.strictEqual(ws.circuitFailures, 3);
  });
});

describe('trouble of the protocol', () => {
  /** Bytes of a server, what code they are, and what the error is. */
  const troubles = [
    ['invalid UTF-8', '8102c328', 1007, 'WSR_ERR_INVALID_UTF8'],
    ['UTF-8 cut short at the end', '8101c3', 1007, 'WSR_ERR_INVALID_UTF8'],
    ['a surrogate in UTF-8', '8103eda080', 1007, 'WSR_ERR_INVALID_UTF8'],
    ['a reserved bit', 'a10161', 1002, 'WSR_ERR_PROTOCOL'],
    ['RSV1 without a deflate that was agreed', 'c10161', 1002, 'WSR_ERR_PROTOCOL'],
    ['a reserved opcode', '830161', 1002, 'WSR_ERR_PROTOCOL'],
    ['a reserved control opcode', '8b00', 1002, 'WSR_ERR_PROTOCOL'],
    ['a masked frame', '818100000000' + '61', 1002, 'WSR_ERR_PROTOCOL'],
    ['a continuation of nothing', '800161', 1002, 'WSR_ERR_PROTOCOL'],
    ['a message inside a fragmented one', '010161' + '810162', 1002, 'WSR_ERR_PROTOCOL'],
    ['a fragmented ping', '090161', 1002, 'WSR_ERR_PROTOCOL'],
    ['a ping that is too long', `897e007e${'61'.repeat(126)}`, 1002, 'WSR_ERR_PROTOCOL'],
    ['a close frame of one byte', '880103', 1002, 'WSR_ERR_PROTOCOL'],
    ['a close code that is not allowed', '880203ed', 1002, 'WSR_ERR_PROTOCOL'],
    ['a close reason that is no UTF-8', '880403e8c328', 1007, 'WSR_ERR_INVALID_UTF8'],
    [
      'a length with its highest bit set',
      '827fffffffffffffffff',
      [1002, 1009],
      /^WSR_ERR_(PROTOCOL|MESSAGE_TOO_BIG)$/,
    ],
  ];
  for (const [what, bytes, code, errorCode] of troubles) {
    it(`${what} ends with ${[].concat(code).join(' or ')}, then a retry`, async () => {
      const server = await startServer({ plan: ['bare', 'accept'] });
      const { log } = await openClient({ url: server.url });
      await server.raw(bytes);
      const { argument: error } = await log.until('error');
      assert.ok(new RegExp(errorCode).test(error.code), `${error.code}: ${error.message}`);
      const { argument: ending } = await log.until('close');
      assert.ok([].concat(code).includes(ending.code), `${ending.code}`);
      assert.deepStrictEqual([ending.reason, ending.wasClean], ['', false]);
      assert.strictEqual((await server.ended(0)).code, ending.code, 'what the server is told');
      await log.until('open');
      assert.deepStrictEqual(log.lines, [
        `error ${error.code}`,
        'stateChange CLOSED',
        `close ${ending.code} ''`,
        'retry 1 in 50 of 10',
        'stateChange CONNECTING',
        'stateChange OPEN',
        'open',
      ]);
    });
  }

  it('messages before the trouble are delivered before it', async () => {
    const server = await startServer({ plan: ['bare', 'accept'] });
    const { log } = await openClient({ url: server.url });
    await server.raw('810161' + '810162' + '830163');
    await log.until('close');
    assert.deepStrictEqual(log.lines.slice(0, 4), [
      'message a',
      'message b',
      'error WSR_ERR_PROTOCOL',
      'stateChange CLOSED',
    ]);
  });

  it('fragments make one message, with control frames between them', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { log } = await openClient({ url: server.url });
    await server.raw('0101c3' + '890170' + '0000' + '800161'.replace('61', 'bc'));
    await log.until('message');
    assert.deepStrictEqual(log.lines, ['message ü']);
    assert.deepStrictEqual(await server.pongs(1), ['p']);
  });

  it('bytes that come in the packet of the 101 are not lost', async () => {
    const server = await startServer({ plan: ['bare'], greetRaw: '81026869' + '810161' });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    await log.until('message a');
    assert.deepStrictEqual(log.lines.slice(-3), ['open', 'message hi', 'message a']);
  });
});

describe('the events open and reconnected', () => {
  it('tell how the client came back', async () => {
    const server = await startServer({ plan: ['accept', 'refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, baseDelay: 20 });
    const opens = [];
    const order = [];
    ws.on('open', (info) => opens.push(info) && order.push('open'));
    ws.on('reconnected', (info) => opens.push(info) && order.push('reconnected'));
    await ws.connect();
    await server.cut();
    await log.count('open', 2);
    assert.deepStrictEqual(order, ['open', 'open', 'reconnected']);
    assert.deepStrictEqual(
      opens.map(({ isReconnect, attempt, statusCode }) => [isReconnect, attempt, statusCode]),
      [
        [false, 0, 101],
        [true, 2, 101],
        [true, 2, 101],
      ],
    );
    assert.ok(opens[1].downtime >= 60 && opens[1].downtime < SOON_MS, `${opens[1].downtime}`);
    assert.strictEqual(opens[1], opens[2]);
  });

  it('giveup tells why, after the last close', async () => {
    const { ws, log } = client({ url: await deadUrl(), maxRetries: 1, baseDelay: 5 });
    let given;
    let before;
    ws.on('giveup', (info) => {
      given = info;
      before = log.lines.slice(-1)[0];
    });
    const rejection = await ws.connect().catch((error) => error);
    await turn();
    const message = 'Maximum retry attempts (1) exceeded';
    assert.deepStrictEqual(given, { reason: 'MAX_RETRIES', message, retryCount: 1, error: rejection.cause });
    assert.strictEqual(before, `close MAX_RETRIES '${message}'`);
  });
});
