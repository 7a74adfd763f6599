'use strict';

const assert = require('assert');
const { spawn } = require('child_process');
const { once } = require('events');
const { createServer } = require('net');
const path = require('path');
const { setFlagsFromString } = require('v8');
const { runInNewContext } = require('vm');
const { SpanKind, SpanStatusCode, context, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { DataPointType, MeterProvider, MetricReader } = require('@opentelemetry/sdk-metrics');
const {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-base');
const { WebSocketReconnect } = require('../../index.js');
const { instrument } = require('../../opentelemetry.js');
const { SOON, after, stand, standWith, until } = require('./support.js');

/** A reader that collects when it is asked. */
class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const echo = () =>
  stand((socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));

/** What OpenTelemetry is told from here to the end of the test. */
function watch() {
  const reader = new Reader();
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const stop = instrument({ meterProvider: new MeterProvider({ readers: [reader] }), tracerProvider });
  after(stop);
  /** The points of a metric, as attributes and value. */
  const points = async (name) => {
    const { resourceMetrics, errors } = await reader.collect();
    assert.deepStrictEqual(errors, []);
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const metric = metrics.find(({ descriptor }) => descriptor.name === `websocket.client.${name}`);
    return metric === undefined ? [] : metric.dataPoints;
  };
  /** The values of a metric by one of its attributes. */
  const values = async (name, attribute) =>
    Object.fromEntries((await points(name)).map(({ attributes, value }) => [attributes[attribute], value]));
  return { points, reader, spans: () => exporter.getFinishedSpans(), stop, tracerProvider, values };
}

function client(options) {
  const ws = new WebSocketReconnect({
    baseDelay: SOON,
    maxDelay: SOON,
    jitter: 0,
    heartbeatInterval: 0,
    ...options,
  });
  ws.on('error', () => {});
  after(() => ws.terminate());
  return ws;
}

/** The next event of a client; `once` of `events` fails at an `error`. */
const next = (ws, event) => new Promise((resolve) => ws.once(event, resolve));

async function deadPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** The attributes of where a client leads. */
const serverAt = (port) => ({
  'network.protocol.name': 'websocket',
  'server.address': '127.0.0.1',
  'server.port': port,
  'url.scheme': 'ws',
});

describe('OpenTelemetry', () => {
  it('counts messages and their bytes, also of clients that have ended', async () => {
    const { points, values } = watch();
    const server = await echo();
    const ws = client({ url: `${server.url}/room?token=hidden` });
    await ws.connect();
    let heard = 0;
    ws.on('message', () => (heard += 1));
    ws.send('grün');
    ws.send(Buffer.alloc(1000));
    await until(() => heard === 2);
    const counted = { receive: 2, transmit: 2 };
    assert.deepStrictEqual(await values('messages', 'network.io.direction'), counted);
    ws.send('');
    await until(() => heard === 3);
    const closed = next(ws, 'close');
    ws.close();
    await closed;
    assert.deepStrictEqual(await values('messages', 'network.io.direction'), { receive: 3, transmit: 3 });
    assert.deepStrictEqual(await values('io', 'network.io.direction'), { receive: 1005, transmit: 1005 });
    const [{ attributes }] = await points('messages');
    const { 'network.io.direction': _, ...rest } = attributes;
    assert.deepStrictEqual(rest, serverAt(server.port));
  });

  it('counts clients by what they do, and by their circuit', async () => {
    const { values } = watch();
    const server = await echo();
    const port = await deadPort();
    const open = client({ url: server.url });
    await open.connect();
    const waiting = client({ url: `ws://127.0.0.1:${port}`, baseDelay: 60000, maxDelay: 60000 });
    waiting.connect().catch(() => {});
    await next(waiting, 'retry');
    const states = () => values('connections', 'websocket.connection.state');
    assert.deepStrictEqual(await states(), { open: 1, waiting: 1 });
    waiting.openCircuit();
    assert.deepStrictEqual(await states(), { open: 1, waiting: 0, blocked: 1 });
    const closed = next(open, 'close');
    open.close();
    await closed;
    assert.deepStrictEqual(await states(), { open: 0, waiting: 0, blocked: 1 });
    const circuits = await values('circuit.state', 'websocket.circuit.state');
    assert.deepStrictEqual(circuits, { closed: 0, open: 1 });
  });

  it('counts what waits and what is dropped', async () => {
    const { points, values } = watch();
    const ws = client({
      url: `ws://127.0.0.1:${await deadPort()}`,
      queue: { maxMessages: 2, overflow: 'drop-oldest' },
      maxRetries: Infinity,
    });
    ws.connect().catch(() => {});
    await next(ws, 'retry');
    for (const text of ['one', 'two', 'three']) ws.send(text);
    await until(() => ws.getStats().queuedMessages === 2);
    assert.strictEqual((await points('queue.messages'))[0].value, 2);
    assert.strictEqual((await points('queue.size'))[0].value, 'two'.length + 'three'.length);
    assert.deepStrictEqual(await values('dropped', 'websocket.drop.reason'), { overflow: 1 });
  });

  it('measures connections, attempts and pings, and counts reconnects', async () => {
    const { points } = watch();
    const server = await echo();
    const ws = client({ url: server.url });
    await ws.connect();
    const took = await ws.ping();
    const again = next(ws, 'reconnected');
    await server.restart();
    await again;
    const [{ value: pings, attributes }] = await points('ping.duration');
    assert.deepStrictEqual(attributes, serverAt(server.port));
    assert.strictEqual(pings.count, 1);
    assert.ok(Math.abs(pings.sum - took / 1000) < 1e-9, `${pings.sum} s for ${took} ms`);
    const [reconnects] = await points('reconnects');
    assert.deepStrictEqual([reconnects.value, reconnects.attributes], [1, serverAt(server.port)]);
    const [lasted] = await points('connection.duration');
    assert.deepStrictEqual(lasted.attributes, { ...serverAt(server.port), 'error.type': '1006' });
    assert.strictEqual(lasted.value.count, 1);
    const attempts = await points('connect.duration');
    const opened = attempts.find((point) => point.attributes['http.response.status_code'] === 101);
    assert.strictEqual(opened.value.count, 2);
    assert.ok(opened.value.sum > 0 && opened.value.sum < 60, `${opened.value.sum} s`);
    for (const point of attempts) {
      if (point !== opened) assert.strictEqual(point.attributes['error.type'], 'ECONNREFUSED');
    }
  });

  it('has units and kinds as the conventions say', async () => {
    const { reader } = watch();
    const server = await echo();
    const ws = client({
      url: server.url,
      queue: { overflow: 'drop-oldest', maxMessages: 1 },
      maxRetries: Infinity,
    });
    await ws.connect();
    await ws.ping();
    const heard = next(ws, 'message');
    ws.send('text');
    await heard;
    const again = next(ws, 'reconnected');
    await server.stop();
    await next(ws, 'retry');
    ws.send('dropped');
    ws.send('kept');
    await server.start();
    await again;
    const { resourceMetrics } = await reader.collect();
    const [{ scope, metrics }] = resourceMetrics.scopeMetrics;
    assert.strictEqual(scope.name, 'websocket-reconnect-native');
    assert.strictEqual(scope.version, require('../../package.json').version);
    const kind = ({ dataPointType, isMonotonic }) => {
      if (dataPointType === DataPointType.HISTOGRAM) return 'histogram';
      return isMonotonic ? 'counter' : 'up-down';
    };
    const found = metrics.map((metric) => [
      metric.descriptor.name.replace('websocket.client.', ''),
      `${kind(metric)}, ${metric.descriptor.unit}`,
    ]);
    assert.deepStrictEqual(Object.fromEntries(found), {
      connections: 'up-down, {connection}',
      'connection.duration': 'histogram, s',
      'connect.duration': 'histogram, s',
      reconnects: 'counter, {reconnection}',
      messages: 'counter, {message}',
      io: 'counter, By',
      'ping.duration': 'histogram, s',
      'queue.messages': 'up-down, {message}',
      'queue.size': 'up-down, By',
      dropped: 'counter, {message}',
      'circuit.state': 'up-down, {client}',
    });
  });

  it('keeps no client that has ended', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc');
    const { values } = watch();
    const server = await echo();
    const live = async () => {
      const ws = new WebSocketReconnect({ url: server.url });
      await ws.connect();
      const closed = next(ws, 'close');
      ws.close();
      await closed;
      return new WeakRef(ws);
    };
    const ended = await live();
    await until(() => {
      collectGarbage();
      return ended.deref() === undefined;
    });
    assert.deepStrictEqual(await values('connections', 'websocket.connection.state'), {});
  });

  describe('the span of an attempt', () => {
    it('has the caller of connect() as its parent, also at a retry', async () => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      after(() => context.disable());
      const { spans, tracerProvider } = watch();
      const server = await echo();
      const ws = client({ url: `${server.url}/room?token=hidden` });
      const parent = tracerProvider.getTracer('test').startSpan('parent');
      await context.with(trace.setSpan(context.active(), parent), () => ws.connect());
      const again = next(ws, 'reconnected');
      await server.restart();
      await again;
      const [first, ...others] = spans();
      assert.strictEqual(first.name, 'websocket connect');
      assert.strictEqual(first.kind, SpanKind.CLIENT);
      assert.deepStrictEqual(first.attributes, {
        ...serverAt(server.port),
        'http.response.status_code': 101,
      });
      assert.strictEqual(first.status.code, SpanStatusCode.UNSET);
      const last = others.pop();
      assert.ok(last.attributes['http.request.resend_count'] >= 1);
      for (const span of spans()) {
        assert.strictEqual(span.parentSpanContext.spanId, parent.spanContext().spanId);
        assert.ok(!JSON.stringify([span.name, span.attributes, span.status]).includes('hidden'));
      }
    });

    it('says why an attempt has failed', async () => {
      const { spans, points } = watch();
      const server = await standWith((http) =>
        http.on('upgrade', (_request, socket) =>
          socket.end('HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n'),
        ),
      );
      const port = await deadPort();
      for (const url of [server.url, `ws://127.0.0.1:${port}`]) {
        await assert.rejects(client({ url, maxRetries: 0 }).connect());
      }
      const [refused, dead] = spans();
      const status = { 'error.type': '503', 'http.response.status_code': 503 };
      assert.deepStrictEqual(refused.attributes, { ...serverAt(server.port), ...status });
      assert.strictEqual(refused.status.code, SpanStatusCode.ERROR);
      assert.deepStrictEqual(dead.attributes, { ...serverAt(port), 'error.type': 'ECONNREFUSED' });
      const durations = (await points('connect.duration')).map(({ attributes }) => attributes);
      assert.deepStrictEqual(durations, [refused.attributes, dead.attributes]);
    });

    it('ends where the attempt is given up, or nobody is to see it any more', async () => {
      const { spans, stop } = watch();
      const server = await standWith((http) => http.on('upgrade', () => {}));
      const given = client({ url: server.url });
      given.connect().catch(() => {});
      given.terminate();
      await until(() => spans().length === 1);
      assert.strictEqual(spans()[0].attributes['error.type'], 'ABORT_ERR');
      client({ url: server.url })
        .connect()
        .catch(() => {});
      stop();
      assert.strictEqual(spans().length, 2);
      client({ url: server.url })
        .connect()
        .catch(() => {});
      assert.strictEqual(spans().length, 2);
    });
  });

  it('is shown to Prometheus by the example', async () => {
    const server = await echo();
    const port = await deadPort();
    const program = path.join(__dirname, '..', '..', 'examples', 'prometheus.js');
    const child = spawn(process.execPath, [program, server.url, String(port)], {
      env: { ...process.env, NODE_PATH: path.join(__dirname, 'node_modules') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    after(() => child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    const scrape = async () => (await fetch(String(line).trim())).text();
    let text = '';
    await until(async () => {
      text = await scrape();
      return /websocket_client_messages_total\{[^}]*receive[^}]*\} 1\b/.test(text);
    });
    const labels = `server_address="127.0.0.1",server_port="${server.port}"`;
    assert.ok(text.includes(labels), text);
    assert.match(text, /^websocket_client_connections\{[^}]*websocket_connection_state="open"[^}]*\} 1$/m);
    assert.match(text, /^websocket_client_connect_duration_count\{/m);
  });
});
