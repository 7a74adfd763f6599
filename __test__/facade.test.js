'use strict';

const assert = require('assert');
const { LIFE, defineClient } = require('../lib/facade/client.js');
const { Cutoffs, isBefore } = require('../lib/facade/cutoffs.js');
const { Lifetime } = require('../lib/facade/lifetime.js');
const { Retry } = require('../lib/facade/retry.js');
const { Route } = require('../lib/facade/route.js');
const { Unread } = require('../lib/facade/unread.js');
const websocketOptions = require('../lib/options/websocket.js');
const { View } = require('../lib/facade/view.js');
const { Waiters } = require('../lib/facade/waiters.js');
const { fakeEngine } = require('./support/fake-engine.js');
const { record } = require('./support/recorder.js');
const { turn } = require('./support/waiting.js');

const queued = (order) => ({ order, call: Infinity });
const counts = { retryCount: 0, circuitFailures: 0 };
const state = (name, alive = true) => ({ kind: 'state', alive, ...counts, state: name });
const circuit = (name) => ({ kind: 'circuit', ...counts, state: name });
const opened = { kind: 'open', ...counts, attempt: 0 };
const closed = (alive) => ({ kind: 'close', alive, ...counts, code: 1006, reason: '', wasClean: false });
const agreed = {
  kind: 'agreed',
  protocol: 'chat',
  extensions: '',
  url: 'ws://x/',
  statusCode: 101,
  headers: [],
};

/** A client over a fake engine. `tell` tells it notices, as the mailbox does. */
function fakeClient(options = {}) {
  const fake = fakeEngine();
  const ws = new (defineClient(/** @type {any} */ (fake.engine)))({ url: 'ws://x/', ...options });
  const { inbox } = ws[LIFE];
  let order = 0;
  const tell = (...notices) => {
    for (const notice of notices) inbox.takeNotice(notice, 2000, ++order);
  };
  return { ...fake, ws, inbox, tell, log: record(ws) };
}

describe('the last activity', () => {
  it('is the very number that it was set to', () => {
    const view = new View(1000);
    for (const at of [0, 0.1, Date.now(), Date.now() + 1e12, -1.5, 123.456, Date.now() - 1000]) {
      view.lastActivity = at;
      assert.strictEqual(view.lastActivity, at);
    }
  });
});

describe('cutoffs', () => {
  it('void what went to the mailbox before a call, and what earlier calls returned', () => {
    const cutoffs = new Cutoffs();
    const first = cutoffs.next(7);
    const second = cutoffs.next(7);
    assert.ok(isBefore(queued(7), second) && !isBefore(queued(8), second));
    assert.ok(isBefore({ order: Infinity, call: first.call }, second));
    assert.ok(!isBefore({ order: Infinity, call: second.call }, second));
  });

  it('of a life that a call begins void the end that the same call tells', () => {
    const cutoffs = new Cutoffs();
    const moment = cutoffs.next(3);
    cutoffs.begin(moment, false);
    const returned = { order: Infinity, call: moment.call };
    assert.ok(cutoffs.isOfEarlierLife(returned) && !isBefore(returned, cutoffs.birth));
    assert.ok(cutoffs.isOfEarlierLife(queued(3)) && !cutoffs.isOfEarlierLife(queued(4)));
  });

  it('of who was called once are one for all, until the next call', () => {
    const called = (order, anew) => {
      const cutoffs = new Cutoffs();
      cutoffs.rest = cutoffs.next(order);
      cutoffs.begin(cutoffs.rest, anew);
      return cutoffs.shared();
    };
    const one = called(0, false);
    assert.strictEqual(called(0, false), one);
    assert.notStrictEqual(called(0, true), one);
    assert.notStrictEqual(called(3, false), one);
    const own = one.own();
    own.finish(own.next(2), true);
    assert.strictEqual(own.shared(), own);
    assert.deepStrictEqual([own.life.call, own.birth.call, one.life.call, one.calls], [2, 1, 0, 1]);
  });

  it('of a call that ends a client spare the end that is on its way', () => {
    const cutoffs = new Cutoffs();
    cutoffs.finish(cutoffs.next(1), true);
    cutoffs.finish(cutoffs.next(5), false);
    assert.ok(!isBefore(queued(2), cutoffs.life));
  });

  it('void a refusal, but no wait for a circuit that goes on', () => {
    const cutoffs = new Cutoffs();
    cutoffs.finish(cutoffs.next(5), true);
    const shown = { state: 'CLOSED', circuitState: 'OPEN' };
    assert.ok(cutoffs.voidsState(state('BLOCKED', false), queued(5), shown));
    assert.ok(!cutoffs.voidsState(state('BLOCKED'), queued(5), shown));
    assert.ok(!cutoffs.voidsState(state('BLOCKED', false), queued(6), shown));
  });
});

describe('a view', () => {
  it('tells a state once, but each refusal, and CLOSED of what never connected', () => {
    const view = new View(0);
    assert.ok(view.enter(state('CLOSED', false)));
    assert.ok(view.enter(state('CONNECTING')));
    assert.ok(!view.enter(state('CONNECTING')));
    view.end({ code: 1006 }, false);
    assert.ok(view.enter(state('CLOSED', false)));
    assert.ok(!view.enter(state('CLOSED', false)));
    assert.ok(view.enter(state('BLOCKED', false)) && view.enter(state('BLOCKED', false)));
  });

  it('forgets the error of an attempt at the next, and that of the last at an open', () => {
    const view = new View(0);
    const error = new Error('refused');
    view.fail(error);
    view.enter(state('CONNECTING'));
    assert.deepStrictEqual([view.currentError, view.lastError], [undefined, error]);
    view.enter(state('OPEN'));
    assert.strictEqual(view.lastError, undefined);
  });

  it('shows what was agreed on once the connection is open', () => {
    const view = new View(0);
    view.agreed = { ...agreed, headers: ['Set-Cookie', 'a', 'set-cookie', 'b', 'X', '1', 'x', '2'] };
    assert.strictEqual(view.protocol, '');
    view.takeAgreed(9);
    assert.strictEqual(view.protocol, 'chat');
    assert.deepStrictEqual(view.opening({ ...opened, downtime: 4 }), {
      isReconnect: true,
      attempt: 0,
      url: 'ws://x/',
      statusCode: 101,
      headers: { 'set-cookie': ['a', 'b'], x: '1, 2' },
      downtime: 4,
    });
  });
});

describe('waiters', () => {
  it('have one promise of the next open', async () => {
    const waiters = new Waiters();
    const promise = waiters.waitForOpen();
    assert.strictEqual(waiters.waitForOpen(), promise);
    assert.ok(!waiters.isOpenAwaited);
    const done = promise.then(() => 'open');
    assert.ok(waiters.isOpenAwaited);
    waiters.resolveOpen();
    assert.strictEqual(await done, 'open');
    assert.notStrictEqual(waiters.waitForOpen(), promise);
  });

  it('settle each ping by its number, and lose all with the connection', async () => {
    const waiters = new Waiters();
    waiters.losePongs();
    const pings = [1, 2, 3].map((number) => waiters.waitForPong(number, 70));
    waiters.settlePong(1, 12);
    waiters.settlePong(2, undefined);
    waiters.settlePong(9, 1);
    waiters.losePongs();
    assert.strictEqual(await pings[0], 12);
    await assert.rejects(pings[1], { code: 'WSR_ERR_PING_TIMEOUT', message: 'No pong within 70 ms' });
    await assert.rejects(pings[2], { code: 'WSR_ERR_PING_LOST' });
  });

  it('word why a receipt is not confirmed', async () => {
    const waiters = new Waiters();
    const [fine, lost] = [waiters.waitForReceipt(1), waiters.waitForReceipt(2)];
    waiters.settleReceipt(1, undefined);
    waiters.settleReceipt(2, 'lost');
    const dropped = waiters.waitForReceipt(3);
    waiters.settleReceipt(3, 'expired', true);
    await fine;
    const code = 'WSR_ERR_UNCONFIRMED';
    await assert.rejects(lost, { code, message: /^Whether the peer .*: the connection was lost first$/ });
    await assert.rejects(dropped, { code, message: /^It was not sent: it was dropped/ });
  });
});

describe('a retry', () => {
  const ask = (functions, context = () => ({ attempt: 1 })) => {
    const { native, said } = fakeEngine();
    const retry = new Retry(native);
    const errors = [];
    retry.ask(4, functions, context, (error) => errors.push(error));
    return { retry, said, errors };
  };

  it('is left to the engine without functions', () => {
    assert.deepStrictEqual(ask({}).said, ['sayRetry 4 true']);
  });

  it('is decided by what the functions return, the delay after the verdict', async () => {
    assert.deepStrictEqual(ask({ shouldReconnect: () => false, reconnectDelay: assert.fail }).said, [
      'sayRetry 4 false',
    ]);
    const both = ask({ shouldReconnect: async () => true, reconnectDelay: ({ attempt }) => attempt * 10 });
    assert.deepStrictEqual(both.said, ['sayAwaited 4']);
    await turn();
    assert.deepStrictEqual(both.said, ['sayAwaited 4', 'sayRetry 4 true 10']);
  });

  it('is made where a function throws, or returns what is none', () => {
    for (const shouldReconnect of [() => 'yes', assert.fail]) {
      const { said, errors } = ask({ shouldReconnect });
      assert.deepStrictEqual(said, ['sayRetry 4 true']);
      assert.strictEqual(errors.length, 1);
    }
  });

  it('that is void is decided no more', async () => {
    const { retry, said, errors } = ask({ shouldReconnect: () => Promise.reject(new Error('late')) });
    retry.forget();
    await turn();
    assert.deepStrictEqual([said, errors], [['sayAwaited 4'], []]);
  });
});

describe('a route', () => {
  const routeOf = (given) => {
    const { engine, native, said } = fakeEngine();
    const route = new Route(engine, given, {});
    route.createNative({});
    return { route, native, said };
  };

  it('is handed over where it has changed alone, and stays as it was where it is none', () => {
    const { route, said } = routeOf({ url: 'ws://a/', headers: { A: '1' } });
    let changes = 0;
    route.handOver(() => (changes += 1));
    assert.deepStrictEqual([said, changes], [[], 0]);
    route.headers.A = '2';
    route.handOver(() => (changes += 1));
    assert.deepStrictEqual([said, changes], [['reroute ["ws://a/"]'], 1]);
    assert.throws(() => route.set({ headers: 5 }, assert.fail), { code: 'WSR_ERR_OPTION' });
    assert.deepStrictEqual(route.headers, { A: '2' });
  });

  it('of a URL alone is handed over once the user has written into what it shows', () => {
    const { route, said } = routeOf({ url: 'ws://a/' });
    let changes = 0;
    route.handOver(() => (changes += 1));
    assert.deepStrictEqual([said, changes], [[], 0]);
    route.shownProtocols().push('chat');
    route.handOver(() => (changes += 1));
    route.handOver(() => (changes += 1));
    assert.deepStrictEqual([said, changes], [['reroute ["ws://a/"]'], 1]);
    assert.deepStrictEqual(route.terms.protocols, ['chat']);
    route.set({ url: 'ws://b/', protocols: undefined }, () => (changes += 1));
    assert.deepStrictEqual([said[1], changes], ['reroute ["ws://b/"]', 2]);
    assert.deepStrictEqual(route.currentUrls, ['ws://b/']);
  });

  it('that names several URLs shows the one that was reached', () => {
    const { route } = routeOf({ urls: ['ws://a/', 'ws://b/'] });
    assert.strictEqual(route.shownUrl(), 'ws://a/');
    route.reach('ws://b/');
    assert.strictEqual(route.shownUrl(), 'ws://b/');
  });

  it('is asked of the functions, of which one may throw', () => {
    const { route, said } = routeOf({ url: ({ attempt }) => `ws://${attempt}/`, headers: () => ({}) });
    assert.strictEqual(route.currentUrls, undefined);
    route.ask(3, { attempt: 7, signal: route.beginAttempt() });
    assert.deepStrictEqual(route.currentUrls, ['ws://7/']);
    assert.strictEqual(said.length, 1);
    const error = new Error('no token');
    route.headers = () => {
      throw error;
    };
    route.ask(4, { attempt: 8, lastError: error, signal: route.beginAttempt() });
    assert.strictEqual(said[1], 'failAttempt 4 "no token" false');
    assert.strictEqual(route.takeThrown(4).error, error);
    assert.strictEqual(route.takeThrown(4), undefined);
  });

  it('tells a function that is still at work that its attempt is given up', () => {
    let signal;
    const { route } = routeOf({
      url(context) {
        signal = context.signal;
        return new Promise(() => {});
      },
    });
    route.ask(1, { attempt: 0, signal: route.beginAttempt() });
    const giveUp = route.endAttempt();
    assert.ok(!signal.aborted);
    giveUp();
    assert.ok(signal.aborted);
    assert.strictEqual(route.endAttempt(), undefined);
  });
});

describe('a lifetime', () => {
  it('listens to a signal for as long as the client is alive', () => {
    const { engine, native, said } = fakeEngine();
    const listeners = [];
    const signal = {
      addEventListener: (_, listener) => listeners.push(listener),
      removeEventListener: (_, listener) => listeners.splice(listeners.indexOf(listener), 1),
    };
    const lifetime = new Lifetime({ engine, native });
    const view = new View(0);
    const aborted = [];
    const track = () => lifetime.track(view, { signal, maxEventLoopBlock: 0 }, (one) => aborted.push(one));
    track();
    assert.strictEqual(listeners.length, 0);
    view.begin();
    track();
    track();
    assert.strictEqual(listeners.length, 1);
    const [listener] = listeners;
    listener();
    assert.deepStrictEqual(aborted, [signal]);
    view.end({ code: 1000 }, false);
    track();
    assert.strictEqual(listeners.length, 0);
    listener();
    assert.strictEqual(aborted.length, 1);
    assert.deepStrictEqual(said, [
      'track false false',
      'track true true',
      'track true true',
      'track false false',
    ]);
  });
});

describe('a signal of the user', () => {
  it('that throws when it is listened to can be left, and listened to again', () => {
    const lifetime = new Lifetime({ engine: fakeEngine().engine });
    let listeners = 0;
    const signal = {
      addEventListener() {
        if (listeners === 0) throw new Error(`not the ${++listeners}st time`);
        listeners += 1;
      },
      removeEventListener: () => (listeners -= 1),
    };
    assert.throws(() => lifetime.listenTo(signal, assert.fail), /not the 1st time/);
    lifetime.listenTo(undefined, assert.fail);
    lifetime.listenTo(signal, assert.fail);
    assert.strictEqual(listeners, 2);
    lifetime.listenTo(undefined, assert.fail);
    assert.strictEqual(listeners, 1);
  });
});

describe('what waits for a Blob', () => {
  it('goes on where one of it throws', async () => {
    const told = [];
    const done = new Promise((resolve) => {
      const unread = new Unread(resolve);
      const blob = { size: 1, arrayBuffer: async () => new ArrayBuffer(1) };
      unread.addBlob(blob, () => told.push('blob'), assert.fail);
      unread.add(
        1,
        () => {
          throw new Error('thrown');
        },
        ({ message }) => told.push(message),
      );
      unread.add(1, () => told.push('behind'), assert.fail);
    });
    await done;
    assert.deepStrictEqual(told, ['blob', 'thrown', 'behind']);
  });
});

describe('clients that are given the same', () => {
  const alike = {
    maxRetries: 3,
    circuitBreaker: { failureThreshold: 2 },
    queue: { maxMessages: 5 },
  };
  const partsOf = ({ ws }) => {
    const life = ws[LIFE];
    return [life.options, life.circuit, life.delivery, life.settings()];
  };

  for (const [what, options] of [
    ['nothing', {}],
    ['some options', alike],
  ]) {
    it(`share what is made of it: ${what}`, function () {
      // Node before 14.6 holds nothing weakly, and so shares nothing.
      if (typeof WeakRef === 'undefined') this.skip();
      const [one, other] = [partsOf(fakeClient(options)), partsOf(fakeClient(options))];
      for (const [i, part] of one.entries()) assert.strictEqual(part, other[i]);
    });
  }

  it('are assigned one by one', () => {
    const [one, other] = [fakeClient(alike).ws, fakeClient(alike).ws];
    one.maxRetries = 4;
    one.circuitBreaker.failureThreshold = 9;
    one.protocols.push('chat');
    one.websocketOptions.origin = 'http://x';
    assert.deepStrictEqual(
      [other.maxRetries, other.circuitBreaker.failureThreshold, other.protocols, other.websocketOptions],
      [3, 2, [], {}],
    );
    assert.deepStrictEqual(
      [one.maxRetries, one.circuitBreaker.failureThreshold, one.protocols],
      [4, 9, ['chat']],
    );
    assert.strictEqual(fakeClient(alike).ws.maxRetries, 3);
  });

  it('share no function of the user', () => {
    const options = { maxRetries: 3, shouldReconnect: () => true };
    assert.notStrictEqual(fakeClient(options).ws[LIFE].options, fakeClient(options).ws[LIFE].options);
  });

  it('share what the policy goes by, whose functions ever they have', function () {
    // Node before 14.6 holds nothing weakly, and so shares nothing.
    if (typeof WeakRef === 'undefined') this.skip();
    const lifeOf = (more) => fakeClient({ ...alike, ...more }).ws[LIFE];
    const one = lifeOf({ shouldReconnect: () => true }).settings();
    assert.strictEqual(lifeOf({ shouldReconnect: () => false }).settings(), one);
    const changed = lifeOf({ shouldReconnect: () => true });
    changed.shownCircuitBreaker().resetTimeout = 7;
    assert.strictEqual(changed.settings().circuitBreaker.resetTimeout, 7);
    changed.shownCircuitBreaker().resetTimeout = 8;
    assert.strictEqual(changed.settings().circuitBreaker.resetTimeout, 8);
    for (const other of [
      {},
      { shouldReconnect: () => true, urls: ['ws://x/', 'ws://y/'] },
      { maxDelay: 40000 },
    ]) {
      assert.notDeepStrictEqual(lifeOf(other).settings(), one);
    }
  });

  it('share how they connect, whatever their URLs', function () {
    // Node before 14.6 holds nothing weakly, and so shares nothing.
    if (typeof WeakRef === 'undefined') this.skip();
    const engine = { ...fakeEngine().engine, ...websocketOptions };
    const termsOf = (given) => new Route(engine, given).terms;
    const given = {
      protocols: ['chat'],
      headers: { A: '1' },
      websocketOptions: { headers: { a: '2', B: '3' } },
    };
    const terms = termsOf({ url: 'ws://a/', ...given });
    assert.strictEqual(termsOf({ urls: ['ws://b/', 'ws://c/'], ...given }), terms);
    assert.deepStrictEqual([terms.protocols, terms.headers], [['chat'], ['B', '3', 'A', '1']]);
    for (const other of [{ protocols: ['talk'] }, { headers: { A: '2' } }, { websocketOptions: {} }]) {
      assert.notDeepStrictEqual(termsOf({ url: 'ws://a/', ...given, ...other }), terms);
    }
  });
});

describe('a client over another engine', () => {
  it('turns notices into events, in their order', async () => {
    const { ws, reply, tell, log, said } = fakeClient();
    reply([state('CONNECTING')]);
    const open = ws.connect();
    tell(agreed, state('OPEN'), opened);
    await open;
    assert.strictEqual(ws.protocol, 'chat');
    tell(state('CLOSED'), closed(true), { kind: 'retry', ...counts, attempt: 1, delay: 5, maxRetries: 9 });
    assert.deepStrictEqual(log.take(), [
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
      'stateChange CLOSED',
      "close 1006 ''",
      'retry 1 in 5 of 9',
    ]);
    assert.deepStrictEqual(said, ['connect', 'track true true']);
  });

  it('tells a refusal, and rejects', async () => {
    const { ws, reply, log } = fakeClient();
    reply([circuit('OPEN'), state('BLOCKED', false)], {
      code: 'WSR_ERR_CIRCUIT_OPEN',
      message: 'It is open',
    });
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_CIRCUIT_OPEN' });
    assert.deepStrictEqual(log.take(), ['circuitChange OPEN', 'stateChange BLOCKED']);
  });

  it('tells the rest of what a call returned before what a call in one of its handlers returns', () => {
    const { ws, reply, log } = fakeClient();
    ws.once('circuitChange', () => {
      reply([state('CONNECTING')]);
      ws.connect().catch(() => {});
      assert.strictEqual(ws.state, 'CONNECTING');
    });
    reply([circuit('OPEN'), state('FAILED', true), { ...closed(false), code: 'MAX_RETRIES' }]);
    ws.openCircuit();
    assert.deepStrictEqual(log.take(), [
      'circuitChange OPEN',
      'stateChange FAILED',
      "close MAX_RETRIES ''",
      'stateChange CONNECTING',
    ]);
    assert.strictEqual(ws.state, 'CONNECTING');
  });

  it('drops what a call has made void', () => {
    const { ws, reply, tell, log, advance } = fakeClient();
    reply([state('CONNECTING')]);
    ws.connect().catch(() => {});
    // The engine has told of an open connection, and nothing of that has been delivered.
    advance(3);
    reply([state('CLOSING')]);
    ws.close();
    tell(agreed, state('OPEN'), opened, state('CLOSED'), closed(false));
    assert.deepStrictEqual(log.take(), [
      'stateChange CONNECTING',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1006 ''",
    ]);
  });

  it('keeps messages and what follows them while paused, and counts neither as told', () => {
    const { ws, inbox, tell, log, said } = fakeClient();
    ws.pause();
    inbox.takeTexts([2, 'a', 'b'], 0, 3, 2000);
    tell(state('CLOSED', false));
    assert.deepStrictEqual([log.take(), inbox.received], [[], 0]);
    ws.resume();
    while (inbox.deliverShare());
    assert.deepStrictEqual(log.take(), ['message a', 'message b', 'stateChange CLOSED']);
    assert.strictEqual(inbox.received, 1);
    assert.ok(said.includes('deliverKept') && said.includes('resume'));
  });

  it('hides replies and judges them where the options say so', () => {
    const { inbox, log, said } = fakeClient({ heartbeatReply: /^beat/, hidePong: true });
    inbox.takeTexts([25, 'beat 1', '{"type":"pong"}', 'news'], 0, 4, 2000);
    assert.deepStrictEqual(log.take(), ['message beat 1', 'message news']);
    assert.deepStrictEqual(said, ['answered']);
  });

  it('tells drain once what waits for a Blob is little, too', async () => {
    const { ws, inbox, reply, tell } = fakeClient({ highWaterMark: 10 });
    reply([state('CONNECTING')]);
    ws.connect();
    tell(agreed, state('OPEN'), opened);
    let drains = 0;
    ws.on('drain', () => (drains += 1));
    let read;
    const blob = { size: 20, arrayBuffer: () => new Promise((resolve) => (read = resolve)) };
    assert.strictEqual(ws.send(blob), false);
    // The engine has written what it was given before.
    inbox.takeOutcome({ kind: 'drained' });
    assert.strictEqual(drains, 0);
    read(new ArrayBuffer(20));
    await turn();
    assert.strictEqual(drains, 1);
    inbox.takeOutcome({ kind: 'drained' });
    assert.strictEqual(drains, 2);
  });

  it('goes on telling where the emit of a subclass throws', async () => {
    const { ws, reply, tell } = fakeClient();
    const thrown = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error.message));
    ws.emit = (event) => {
      throw new Error(event);
    };
    reply([state('CONNECTING')]);
    ws.connect().catch(() => {});
    tell(state('CLOSED'), closed(false));
    for (let i = 0; i < 4; i += 1) await turn();
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    assert.deepStrictEqual(thrown, ['stateChange', 'stateChange', 'close']);
  });
});
