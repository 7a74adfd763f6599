'use strict';

const assert = require('assert');
const { startServer, deadPort } = require('./peer/index.js');
const { UNHURRIED, WebSocketReconnect, client, openClient } = require('./support/clients.js');

const URL_ = 'ws://127.0.0.1:1/';

/** Name, default, values that are allowed, values of the right type that are not. */
const NUMBERS = [
  ['maxRetries', 10, [0, 1, 1e6, Infinity], [-1, 1.5, NaN, -Infinity]],
  ['baseDelay', 1000, [0.5, 1, 1e6], [0, -1, NaN]],
  ['maxDelay', 30000, [0.5, 1, 1e6], [0, -1, NaN]],
  ['multiplier', 2, [1, 1.5, 10], [0.99, 0, -1, NaN]],
  ['jitter', 0.1, [0, 0.5, 1], [-0.01, 1.01, NaN]],
  ['heartbeatInterval', 30000, [0, 1, 1e6], [-1, NaN]],
  ['heartbeatTimeout', 5000, [1, 1e6], [0, -1, NaN]],
  ['circuitBreaker.failureThreshold', 5, [1, 1e6, Infinity], [0, -1, 1.5, NaN, -Infinity]],
  ['circuitBreaker.resetTimeout', 60000, [1, 1e6], [0, -1, NaN]],
  ['circuitBreaker.halfOpenMaxRequests', 3, [1, 1e6], [0, -1, 1.5, NaN]],
  ['circuitBreaker.window', 0, [0, 1, 1e6], [-1, NaN, Infinity]],
  ['circuitBreaker.failureRate', 0.5, [0, 0.5, 1], [-0.1, 1.1, NaN]],
  ['circuitBreaker.minimumRequests', 5, [1, 1e6], [0, -1, 1.5, NaN]],
];

const WRONG_TYPES = ['5', true, {}, [], () => {}, 5n, Symbol('five')];

/** The options that set one option, and the object and name where it is read again. */
const setting = (name, value) => {
  const [first, second] = name.split('.');
  return second ? { [first]: { [second]: value } } : { [first]: value };
};
const place = (ws, name) => {
  const [first, second] = name.split('.');
  return second ? [ws[first], second] : [ws, first];
};
const read = (ws, name) => {
  const [object, property] = place(ws, name);
  return object[property];
};
const make = (options) => new WebSocketReconnect({ url: URL_, ...options });

/** That the error is of this kind and names the option, the value and what is allowed. */
const names = (Kind, option, value) => (error) => {
  assert.ok(error instanceof Kind, `${error.name} instead of ${Kind.name}: ${error.message}`);
  assert.strictEqual(error.code, 'WSR_ERR_OPTION');
  const shown = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  for (const part of [option, shown, 'allowed']) {
    assert.ok(error.message.includes(part), `'${part}' is not in: ${error.message}`);
  }
  return true;
};

describe('number options', () => {
  for (const [name, standard, good, outOfRange] of NUMBERS) {
    it(`${name} is ${standard} when absent, undefined or null`, () => {
      assert.strictEqual(read(make({}), name), standard);
      assert.strictEqual(read(make(setting(name, undefined)), name), standard);
      assert.strictEqual(read(make(setting(name, null)), name), standard);
    });

    it(`${name} takes ${good.join(', ')}, also by assignment`, () => {
      for (const value of good) {
        assert.strictEqual(read(make(setting(name, value)), name), value);
        const ws = make({});
        const [object, property] = place(ws, name);
        object[property] = value;
        assert.strictEqual(read(ws, name), value);
      }
    });

    it(`${name} out of range is a RangeError, and changes nothing by assignment`, () => {
      for (const value of outOfRange) {
        assert.throws(() => make(setting(name, value)), names(RangeError, name, value));
        const ws = make({});
        const [object, property] = place(ws, name);
        assert.throws(() => (object[property] = value), names(RangeError, name, value));
        assert.strictEqual(read(ws, name), standard);
      }
    });

    it(`${name} of the wrong type is a TypeError, and changes nothing by assignment`, () => {
      for (const value of WRONG_TYPES) {
        assert.throws(() => make(setting(name, value)), names(TypeError, name, value));
        const ws = make({});
        const [object, property] = place(ws, name);
        assert.throws(() => (object[property] = value), names(TypeError, name, value));
        assert.strictEqual(read(ws, name), standard);
      }
    });
  }

  it('maxDelay below baseDelay is allowed: the cap wins', () => {
    assert.strictEqual(make({ baseDelay: 100, maxDelay: 10, jitter: 0 }).calculateDelay(0), 10);
  });
});

describe('url', () => {
  it('is a string or a URL', async () => {
    const server = await startServer();
    for (const url of [server.url, new URL(server.url)]) {
      const { ws } = client({ url });
      await ws.connect();
      assert.strictEqual(ws.url, server.url);
    }
  });

  it('is required, and of those types alone', () => {
    for (const url of [undefined, null, 5, true, {}, []]) {
      assert.throws(() => new WebSocketReconnect({ url }), names(TypeError, 'url', ''));
    }
    assert.throws(() => new WebSocketReconnect(), TypeError);
    assert.throws(() => new WebSocketReconnect({}), TypeError);
  });

  it('has a scheme of WebSockets, HTTP or sockets of Unix, a place and no fragment', () => {
    for (const url of ['ftp://localhost/', 'ws+unix:', 'ws://localhost/#part', 'nonsense', '', 'ws://']) {
      // A fragment is not shown: it may hold a secret.
      const refused = names(RangeError, 'url', url.replace(/#.*/, ''));
      assert.throws(() => make({ url }), refused, url);
      const ws = make({});
      assert.throws(() => (ws.url = url), refused);
      assert.strictEqual(ws.url, URL_);
    }
    for (const url of [
      'ws://localhost',
      'https://localhost',
      'ws+unix:/run/app.sock:/path',
      'wss://localhost:1/path?query=1',
      'WS://LOCALHOST/',
      'ws://[::1]:8080/',
    ])
      make({ url });
  });

  it('holds from the next attempt when it is assigned', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/` });
    ws.connect();
    await log.until('retry');
    ws.url = server.url;
    await log.until('open');
    assert.strictEqual(ws.url, server.url);
  });
});

describe('protocols', () => {
  it('is a string or an array of strings, none by default', async () => {
    const server = await startServer({ protocol: 'b' });
    for (const [protocols, header] of [
      [undefined, undefined],
      [null, undefined],
      [[], undefined],
      ['b', 'b'],
      [['a', 'b'], 'a,b'],
    ]) {
      const { ws } = client({ url: server.url, protocols });
      await ws.connect();
      const seen = (await server.handshakes()).pop().headers['sec-websocket-protocol'];
      assert.strictEqual(seen && seen.replace(/\s/g, ''), header);
      assert.strictEqual(ws.protocol, header ? 'b' : '');
    }
    assert.deepStrictEqual(make({}).protocols, []);
  });

  it('of the wrong type is a TypeError', () => {
    for (const protocols of [5, true, {}, [5], [null], new Array(2)]) {
      assert.throws(() => make({ protocols }), names(TypeError, 'protocols', ''));
    }
  });

  it('takes tokens alone, each once', () => {
    for (const protocols of ['a b', ['a,b'], ['a', 'a'], ['ü'], ['a\r\nX: y'], ['']]) {
      assert.throws(() => make({ protocols }), names(RangeError, 'protocols', ''));
    }
  });

  it('fails the attempt where the server chose another', async () => {
    const server = await startServer({ protocol: 'other' });
    const { ws, log } = client({ url: server.url, protocols: ['mine'], maxRetries: 0 });
    ws.connect();
    const { argument } = await log.until('error');
    assert.ok(argument instanceof Error);
    assert.strictEqual((await log.until('close')).argument.code, 1006);
  });
});

describe('what was given and is written into', () => {
  it('is told with a code of ours, and never what the engine says of it', async () => {
    const bad = { name: 'TypeError', code: 'WSR_ERR_OPTION' };
    const ws = make({ protocols: ['a'] });
    ws.protocols.push(5);
    await assert.rejects(ws.connect(), bad);
    const other = new WebSocketReconnect({ urls: [URL_, 'ws://127.0.0.1:2/'] });
    other.urls.push({});
    await assert.rejects(other.connect(), bad);
  });

  it('may have holes, which count as undefined', () => {
    const holes = new Array(2);
    for (const options of [
      { urls: holes },
      { protocols: holes },
      { headers: holes },
      { headers: { a: holes } },
      { websocketOptions: { ca: holes } },
    ]) {
      assert.throws(() => make(options), { name: 'TypeError', code: 'WSR_ERR_OPTION' });
    }
  });
});

describe('heartbeatMessage', () => {
  for (const [message, sent] of [
    [undefined, '{"type":"ping"}'],
    [null, '{"type":"ping"}'],
    ['beat', 'beat'],
    [{ op: 1 }, '{"op":1}'],
  ]) {
    it(`${JSON.stringify(message)} is sent as ${sent}`, async () => {
      const server = await startServer();
      await openClient({
        url: server.url,
        heartbeatInterval: 30,
        heartbeatTimeout: 8000,
        heartbeatMessage: message,
      });
      assert.strictEqual((await server.received(1))[0].data, sent);
    });
  }

  it('of the wrong type is a TypeError', () => {
    const circle = {};
    circle.circle = circle;
    for (const heartbeatMessage of [5, true, () => {}, Symbol('beat'), circle]) {
      assert.throws(() => make({ heartbeatMessage }), names(TypeError, 'heartbeatMessage', ''));
      const ws = make({});
      assert.throws(() => (ws.heartbeatMessage = heartbeatMessage), names(TypeError, 'heartbeatMessage', ''));
      assert.strictEqual(ws.heartbeatMessage, '{"type":"ping"}');
    }
  });

  it('holds from the next beat when it is assigned', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, heartbeatInterval: 30, heartbeatMessage: 'old' });
    await log.until('message old');
    ws.heartbeatMessage = 'new';
    await log.until('message new');
    assert.strictEqual(ws.heartbeatMessage, 'new');
  });
});

describe('object options', () => {
  it('of the wrong type are TypeErrors', () => {
    for (const value of [5, 'x', true, [], () => {}]) {
      assert.throws(() => make({ circuitBreaker: value }), names(TypeError, 'circuitBreaker', ''));
      assert.throws(() => make({ websocketOptions: value }), names(TypeError, 'websocketOptions', ''));
      assert.throws(() => new WebSocketReconnect(value), TypeError);
    }
  });

  it('take their defaults when null', () => {
    const ws = make({ circuitBreaker: null, websocketOptions: null });
    assert.strictEqual(ws.circuitBreaker.failureThreshold, 5);
    assert.deepStrictEqual(ws.websocketOptions, {});
  });

  it('circuitBreaker is assigned as a whole', () => {
    const ws = make({});
    ws.circuitBreaker = { failureThreshold: 2 };
    assert.strictEqual(ws.circuitBreaker.failureThreshold, 2);
    assert.strictEqual(ws.circuitBreaker.resetTimeout, 60000);
    assert.throws(() => (ws.circuitBreaker = { failureThreshold: 0 }), RangeError);
    assert.strictEqual(ws.circuitBreaker.failureThreshold, 2);
  });

  it('options given are not changed', () => {
    const options = Object.freeze({
      url: URL_,
      protocols: Object.freeze(['a']),
      websocketOptions: Object.freeze({ headers: Object.freeze({ a: 'b' }) }),
      circuitBreaker: Object.freeze({ failureThreshold: 2 }),
    });
    new WebSocketReconnect(options);
  });
});

describe('circuitBreaker: false', () => {
  for (const [how, options] of [
    ['false', { circuitBreaker: false }],
    ['a failureThreshold of Infinity', { circuitBreaker: { failureThreshold: Infinity } }],
  ]) {
    it(`as ${how} lets no failure open the circuit`, async () => {
      const { ws, log } = client({
        ...options,
        url: `ws://127.0.0.1:${await deadPort()}/`,
        maxRetries: 7,
        baseDelay: 1,
      });
      await assert.rejects(ws.connect(), { code: 'WSR_ERR_GAVE_UP' });
      assert.deepStrictEqual(log.of('circuitChange'), []);
      assert.strictEqual(ws.circuitFailures, 8);
      assert.strictEqual(ws.circuitBreaker.failureThreshold, Infinity);
      assert.strictEqual(ws.getStats().failureThreshold, Infinity);
    });
  }

  it('can be assigned, and taken back', () => {
    const ws = make({});
    ws.circuitBreaker = false;
    for (let i = 0; i < 9; i++) ws.handleError(new Error('mine'));
    assert.strictEqual(ws.circuitState, 'CLOSED');
    ws.circuitBreaker.failureThreshold = 10;
    ws.handleError(new Error('mine'));
    assert.strictEqual(ws.circuitState, 'OPEN');
  });
});

describe('a name that is not known', () => {
  const { emitWarning } = process;
  let warnings;
  beforeEach(() => {
    warnings = [];
    process.emitWarning = (...args) => warnings.push(args);
  });
  afterEach(() => {
    process.emitWarning = emitWarning;
  });

  /** That the error is of this kind, names the option, and says what may be meant. */
  const hints =
    (name, meant, code = 'WSR_ERR_OPTION') =>
    (error) => {
      assert.ok(error instanceof TypeError, error.message);
      assert.strictEqual(error.code, code);
      const rest = meant ? `did you mean ${meant}?` : 'llowed are ';
      for (const part of [name, rest])
        assert.ok(error.message.includes(part), `'${part}' is not in: ${error.message}`);
      return true;
    };

  it('warns once at the top, with the nearest name', () => {
    for (const [name, meant] of [
      ['maxRetrys', 'maxRetries'],
      ['heartBeatInterval', 'heartbeatInterval'],
      ['rejectUnauthorised', 'websocketOptions.rejectUnauthorized'],
      ['nothingLikeIt', undefined],
      ['toString', undefined],
      ['constructor', undefined],
    ]) {
      warnings = [];
      make({ [name]: 1 });
      make({ [name]: 1 });
      assert.strictEqual(warnings.length, 1, name);
      const [[message, { code }]] = warnings;
      assert.strictEqual(code, 'WSR_WARN_OPTION');
      assert.ok(message.startsWith(`${name} is no option of WebSocketReconnect`), message);
      assert.strictEqual((/did you mean (.*)\?/.exec(message) || [])[1], meant);
    }
  });

  it('throws at the top where it belongs into websocketOptions', () => {
    for (const name of [
      'rejectUnauthorized',
      'agent',
      'ca',
      'handshakeTimeout',
      'protocolVersion',
      'lookup',
    ]) {
      assert.throws(
        () => make({ [name]: {} }),
        (error) => error.code === 'WSR_ERR_OPTION' && error.message.includes(`websocketOptions: { ${name}`),
      );
    }
  });

  it('throws inside of an option', () => {
    for (const [options, name, meant] of [
      [{ circuitBreaker: { failureTreshold: 3 } }, 'circuitBreaker.failureTreshold', 'failureThreshold'],
      [{ circuitBreaker: { unknown: 3 } }, 'circuitBreaker.unknown'],
      [{ circuitBreaker: { toString: 3 } }, 'circuitBreaker.toString'],
      [{ queue: { maxMesages: 3 } }, 'queue.maxMesages', 'maxMessages'],
      [{ queue: { constructor: 3 } }, 'queue.constructor'],
    ]) {
      assert.throws(() => make(options), hints(name, meant));
    }
  });

  it('throws where it is assigned to the circuit breaker, of which nothing can be taken away', () => {
    const ws = make({});
    assert.throws(
      () => (ws.circuitBreaker.failureTreshold = 3),
      hints('failureTreshold', 'failureThreshold'),
    );
    assert.throws(() => (ws.circuitBreaker.toString = 3), hints('circuitBreaker.toString'));
    assert.throws(() => (ws.circuitBreaker[Symbol('mine')] = 3), hints('circuitBreaker.Symbol(mine)'));
    assert.throws(() => delete ws.circuitBreaker.scope, TypeError);
    const value = 'bad';
    assert.throws(() => Object.defineProperty(ws.circuitBreaker, 'failureThreshold', { value }), TypeError);
    assert.strictEqual(ws.circuitBreaker.failureThreshold, 5);
  });

  it('rejects a receipt', async () => {
    const ws = make({});
    for (const receipt of [ws.sendConfirmed('x', { timout: 1 }), ws.flush({ timout: 1 })]) {
      await assert.rejects(receipt, hints('options.timout', 'timeout'));
    }
  });

  it('is heeded nowhere where it is undefined or null', () => {
    make({ unset: undefined, agent: null, circuitBreaker: { unset: null }, queue: { unset: undefined } });
    assert.deepStrictEqual(warnings, []);
  });

  it('is none of the options', () => {
    make({ urls: [URL_], protocols: [], websocketOptions: {}, headers: {}, maxRetries: 10, baseDelay: 1000 });
    make({ maxDelay: 1, multiplier: 2, jitter: 0.1, heartbeatInterval: 0, heartbeatTimeout: 1 });
    make({ heartbeatMessage: 'x', circuitBreaker: { failureThreshold: 1, resetTimeout: 1 }, queue: true });
    assert.deepStrictEqual(warnings, []);
  });
});

describe('an object of options', () => {
  it('is read once, whether its options are its own, inherited or computed', () => {
    const reads = {};
    const counting = (values) => {
      const prototype = {};
      for (const name of Object.keys(values)) {
        Object.defineProperty(prototype, name, {
          get() {
            reads[name] = (reads[name] || 0) + 1;
            return values[name];
          },
        });
      }
      return Object.create(prototype);
    };
    const ws = new WebSocketReconnect(
      counting({
        url: URL_,
        maxRetries: 3,
        heartbeatMessage: 'beat',
        heartbeatReply: () => true,
        circuitBreaker: counting({ failureThreshold: 2, scope: 'instance' }),
        queue: counting({ maxMessages: 7, overflow: 'drop-oldest' }),
      }),
    );
    assert.deepStrictEqual(
      Object.entries(reads).filter(([, count]) => count !== 1),
      [],
    );
    assert.strictEqual(ws.maxRetries, 3);
    assert.strictEqual(ws.circuitBreaker.failureThreshold, 2);
    assert.strictEqual(ws.queue.maxMessages, 7);
  });
});

describe('an error about an option', () => {
  const secret = 'S3cret';
  it('shows no secret', () => {
    const bad = [
      [`ws://me:${secret}@host`],
      { url: `ftp://me:${secret}@host/` },
      { url: `ws://host/#${secret}` },
      { url: `nonsense?token=${secret}` },
      { url: [`ws://me:${secret}@host`] },
      { urls: [`ws://me:${secret}@host`, `ws://me:${secret}@host`] },
      { urls: [`ftp://host/?token=${secret}`] },
      { urls: `ws://me:${secret}@host` },
      { protocols: ['v1', `bearer ${secret}`] },
      { protocols: [secret, secret] },
      { protocols: { token: secret } },
      { headers: `Authorization: ${secret}` },
      { headers: { Authorization: { token: secret } } },
      { headers: { [`Authorization: ${secret}`]: '' } },
      { headers: { Authorization: `${secret}\n` } },
      { headers: [[secret]] },
      { heartbeatMessage: () => secret },
      { heartbeatMessage: Symbol(secret) },
      { websocketOptions: [secret] },
      { websocketOptions: `auth=${secret}` },
      { websocketOptions: { headers: [[{ secret }, 'x']] } },
      { websocketOptions: { auth: { secret } } },
      { websocketOptions: { auth: `me:${secret}\n` } },
      { websocketOptions: { passphrase: [secret] } },
      { websocketOptions: { key: secret } },
      { websocketOptions: { key: { secret } } },
      { websocketOptions: { key: [secret, secret] } },
      { websocketOptions: { pfx: [secret, secret] } },
      { websocketOptions: { pfx: secret, passphrase: secret } },
      { websocketOptions: { ca: [{ secret }], cert: secret } },
    ];
    for (const options of bad) {
      const given = Array.isArray(options) ? options[0] : { url: URL_, ...options };
      if (options.urls) delete given.url;
      assert.throws(
        () => new WebSocketReconnect(given),
        (error) => {
          const { message, code } = error;
          assert.ok(!`${message} ${error.stack}`.includes(secret), message);
          return code === 'WSR_ERR_OPTION';
        },
      );
    }
  });

  it('shows no message that cannot be sent', () => {
    const ws = make({});
    assert.throws(
      () => ws.send({ token: secret }),
      ({ message }) => message.includes('an object') && !message.includes(secret),
    );
  });
});

describe('a new value holds from the next decision', () => {
  let url;
  beforeEach(async () => {
    url = `ws://127.0.0.1:${await deadPort()}/`;
  });

  it('maxRetries', async () => {
    const { ws, log } = client({ url, ...UNHURRIED });
    ws.connect();
    await log.until('retry 1');
    ws.maxRetries = 1;
    await log.until('close MAX_RETRIES');
    assert.strictEqual(log.of('retry').length, 1);
    assert.strictEqual(ws.getStats().maxRetries, 1);
  });

  it('baseDelay, multiplier, maxDelay and jitter', async () => {
    const { ws, log } = client({ url, baseDelay: 10, ...UNHURRIED });
    ws.connect();
    await log.until('retry 1 in 10');
    ws.baseDelay = 5;
    ws.multiplier = 3;
    await log.until('retry 2 in 15');
    ws.maxDelay = 7;
    await log.until('retry 3 in 7');
    ws.jitter = 1;
    const delays = new Set(Array.from({ length: 50 }, () => ws.calculateDelay(9)));
    assert.ok(delays.size > 1);
  });

  it('heartbeatInterval and heartbeatTimeout', async () => {
    const server = await startServer({ plan: ['accept', 'bare', 'refuse'] });
    const { ws, log } = await openClient({ url: server.url });
    ws.heartbeatInterval = 30;
    ws.heartbeatTimeout = 30;
    await server.close(1012, 'restart');
    await log.until('open');
    await log.until('error WSR_ERR_HEARTBEAT');
  });

  it('circuitBreaker.failureThreshold', async () => {
    const { ws, log } = client({ url, ...UNHURRIED });
    ws.connect();
    await log.until('retry 1');
    ws.circuitBreaker.failureThreshold = 1;
    await log.until('stateChange BLOCKED');
    assert.strictEqual(ws.circuitFailures, 2);
    assert.strictEqual(ws.getStats().failureThreshold, 1);
  });

  it('circuitBreaker.resetTimeout', async () => {
    const { ws, log } = client({ url });
    ws.circuitBreaker.resetTimeout = 20;
    ws.openCircuit();
    await log.until('circuitChange HALF-OPEN');
  });

  it('headers written into websocketOptions, also by a retry handler', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const websocketOptions = { headers: { Authorization: 'old' } };
    const { ws } = client({ url: server.url, websocketOptions, ...UNHURRIED });
    ws.once('retry', () => {
      ws.websocketOptions.headers.Authorization = 'new';
    });
    await ws.connect();
    const seen = (await server.handshakes()).map(({ headers }) => headers.authorization);
    assert.deepStrictEqual(seen, ['old', 'new', 'new']);
  });

  it('websocketOptions, which when bad throw and change nothing', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.websocketOptions = { headers: { 'x-new': '1' } };
    assert.throws(() => (ws.websocketOptions = { generateMask() {} }), {
      code: 'WSR_ERR_UNSUPPORTED_OPTION',
    });
    assert.throws(() => (ws.websocketOptions = 5), TypeError);
    await ws.connect();
    assert.strictEqual((await server.handshakes())[0].headers['x-new'], '1');
  });

  it('protocols', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.protocols = ['late'];
    await ws.connect();
    assert.strictEqual(ws.protocol, 'late');
    assert.throws(() => (ws.protocols = ['a b']), RangeError);
    assert.deepStrictEqual(ws.protocols, ['late']);
  });
});

describe('variables of state', () => {
  it('have their values before the first connect', () => {
    const before = Date.now();
    const ws = make({});
    assert.strictEqual(ws.state, 'CLOSED');
    assert.strictEqual(ws.circuitState, 'CLOSED');
    assert.strictEqual(ws.retryCount, 0);
    assert.strictEqual(ws.circuitFailures, 0);
    assert.strictEqual(ws.manualClose, false);
    assert.ok(ws.lastActivity >= before - 1000 && ws.lastActivity <= Date.now());
  });

  it('refuse values of the wrong kind and stay', () => {
    const ws = make({});
    const bad = [
      ['retryCount', '1', TypeError],
      ['retryCount', -1, RangeError],
      ['retryCount', 1.5, RangeError],
      ['circuitFailures', {}, TypeError],
      ['circuitFailures', -1, RangeError],
      ['manualClose', 'yes', TypeError],
      ['state', 'GONE', RangeError],
      ['state', 5, TypeError],
      ['circuitState', 'AJAR', RangeError],
      ['lastActivity', 'now', TypeError],
    ];
    for (const [name, value, Kind] of bad) {
      const before = ws[name];
      assert.throws(() => (ws[name] = value), names(Kind, name, value), `${name} = ${value}`);
      assert.strictEqual(ws[name], before);
    }
  });

  it('queue and delivery refuse each value with a code, in sloppy code too', () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1' });
    const assign = new Function('ws', 'name', 'value', 'ws[name] = value');
    for (const [name, value] of [
      ['queue', true],
      ['delivery', 'at-least-once'],
    ]) {
      assert.throws(() => assign(ws, name, value), {
        name: 'TypeError',
        code: 'WSR_ERR_OPTION',
        message: `${name} cannot be changed; give it to the constructor`,
      });
    }
    assert.deepStrictEqual([ws.queue, ws.delivery], [false, 'at-most-once']);
  });

  it('retryCount written in a handler of retry is where the engine goes on counting', async () => {
    const url = `ws://127.0.0.1:${await deadPort()}/`;
    const { ws, log } = client({ url, maxRetries: 2, baseDelay: 10, ...UNHURRIED });
    ws.circuitBreaker.failureThreshold = 99;
    let resets = 0;
    ws.on('retry', ({ attempt }) => {
      if (attempt === 2 && resets++ < 2) ws.retryCount = 0;
    });
    ws.connect();
    await log.until('close MAX_RETRIES');
    assert.deepStrictEqual(
      log.of('retry').map(({ attempt }) => attempt),
      [1, 2, 1, 2, 1, 2],
    );
    assert.deepStrictEqual(
      log.of('retry').map(({ delay }) => delay),
      [10, 20, 10, 20, 10, 20],
    );
  });

  it('retryCount written high uses the retries up', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 5 });
    ws.retryCount = 5;
    assert.strictEqual(ws.getStats().retryCount, 5);
    await assert.rejects(ws.connect(), /Maximum retry attempts \(5\) exceeded/);
    assert.deepStrictEqual(log.of('retry'), []);
  });

  it('circuitFailures written in a handler of error keeps the circuit closed', async () => {
    const url = `ws://127.0.0.1:${await deadPort()}/`;
    const { ws, log } = client({
      url,
      maxRetries: 4,
      baseDelay: 10,
      circuitBreaker: { failureThreshold: 2 },
      ...UNHURRIED,
    });
    ws.on('error', () => {
      ws.circuitFailures = 0;
    });
    ws.connect();
    await log.until('close MAX_RETRIES');
    assert.deepStrictEqual(log.of('circuitChange'), []);
    assert.strictEqual(ws.circuitFailures, 0);
  });

  it('circuitFailures written high opens the circuit at the next failure', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/` });
    ws.circuitFailures = 4;
    ws.connect();
    await log.until('stateChange BLOCKED');
    assert.strictEqual(log.of('error').length, 1);
    assert.strictEqual(ws.circuitFailures, 5);
  });

  it('manualClose written true while waiting to retry ends it', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/` });
    const connected = ws.connect();
    await log.until('retry');
    log.take();
    ws.manualClose = true;
    await assert.rejects(connected, /Connection manually closed/);
    await log.until('close');
    assert.deepStrictEqual(log.lines, ["close 1000 'Normal closure'"]);
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('manualClose written true while open stops the retries after the loss', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.manualClose = true;
    await server.cut();
    await log.until('close 1006');
    await assert.rejects(ws.connect(), /Connection manually closed/);
    assert.deepStrictEqual(log.lines, ['stateChange CLOSED', "close 1006 ''"]);
  });

  it('manualClose written false lets connect() start again', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    await log.until('close');
    ws.manualClose = false;
    await ws.connect();
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('state and lastActivity are what was written until the next event', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.lastActivity = 5;
    assert.strictEqual(ws.getStats().lastActivity, 5);
    ws.state = 'CLOSED';
    assert.throws(() => ws.send('x'), /WebSocket is not connected/);
    ws.state = 'OPEN';
    ws.send('back');
    assert.strictEqual((await server.received(1))[0].data, 'back');
    await server.send('news');
    await log.until('message');
    assert.ok(ws.lastActivity > 5);
  });

  it('circuitState written is honoured', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    ws.circuitState = 'OPEN';
    assert.strictEqual(ws.getCircuitState(), 'OPEN');
    await assert.rejects(ws.connect(), /Circuit breaker is OPEN/);
    ws.circuitState = 'CLOSED';
    await ws.connect();
    assert.deepStrictEqual(log.of('circuitChange'), []);
  });
});
