'use strict';

/**
 * An engine without connections, for the parts of the facade: it writes down what it is asked, and says what it is told to.
 *
 * `said` are calls upon the engine and upon the native half of a client, as `name argument …`.
 */
function fakeEngine() {
  const said = [];
  const note = (name, ...args) =>
    said.push([name, ...args.filter((arg) => arg !== undefined).map((arg) => JSON.stringify(arg))].join(' '));
  const replies = [];
  /** What the next call upon a client returns: notices, and the refusal where there is one. */
  const reply = (notices, refusal) => replies.push({ notices, refusal });
  let cutoff = 0;
  const answer = () => ({ cutoff, notices: [], refusal: undefined, ...replies.shift() });
  const calls = ['connect', 'reconnect', 'close', 'terminate', 'reset', 'openCircuit', 'closeCircuit'];
  const native = {
    number: 1,
    bufferedAmount: () => 0,
    takeOutcomes: () => [],
    roundTrips: () => null,
    sendBinary: () => ({ status: 0, receipt: 0 }),
    setRetryCount: () => cutoff,
    setCircuit: () => cutoff,
  };
  for (const name of [...calls, 'countFailure', 'judged', 'runs']) {
    native[name] = (_received, ...args) => {
      note(name, ...args);
      return answer();
    };
  }
  for (const name of ['sayAwaited', 'sayRetry', 'failAttempt', 'pause', 'resume', 'hold', 'listen']) {
    native[name] = (...args) => note(name, ...args);
  }
  for (const name of ['answered', 'setMarks', 'holdClose']) native[name] = () => note(name);
  const engine = {
    WEBSOCKET_OPTIONS: [],
    SendStatus: { Above: 1, Told: 2, QueueFull: 4, BufferFull: 8 },
    bytesOf: () => undefined,
    inForm: (content) => content,
    sendOptions: () => ({ wish: {} }),
    tellerOf: () => undefined,
    canClose: () => true,
    configure: () => note('configure'),
    refuse: () => {},
    binaryOf: (_type, chunk, offset, length) => chunk.slice(offset, offset + length),
    createNative: () => native,
    currentContext: () => undefined,
    deliverKept: () => note('deliverKept'),
    hasBlobs: () => false,
    isBytes: () => false,
    isSame: (a, b) => JSON.stringify(a) === JSON.stringify(b),
    isWebSocketOption: () => false,
    keepChunk: () => note('keepChunk'),
    monotonic: () => 5,
    now: () => 5,
    readProxy: () => undefined,
    readWebSocketOptions: (_given, instead) => ({
      headers: [],
      handshakeTimeout: 10000,
      protocols: [],
      ...instead,
    }),
    receivedForm: (_type, data) => data,
    reroute: (_native, _terms, urls) => note('reroute', urls),
    sayRoute: (_native, ...args) => note('sayRoute', ...args),
    send: (_id, data) => note('send', data) && undefined,
    share: () => {},
    sizeOf: (text) => text.length,
    track: (_id, _inbox, reachable, holds) => note('track', reachable, holds),
    wallTime: () => 1000,
    warn: (message, code) => note('warn', code, message),
    watchEventLoop: () => {},
  };
  return { engine, native, reply, said, advance: (order) => (cutoff = order) };
}

module.exports = { fakeEngine };
