import { EventEmitter, once } from 'events';
import {
  type BinaryType,
  type CircuitState,
  type CloseInfo,
  type ConnectionState,
  type ConnectTrace,
  type Delivery,
  type DiagnosticsMessages,
  type FailoverOptions,
  type HeadersInput,
  type ProxyOptions,
  type QueueSettings,
  type ReadyState,
  type Stats,
  type WebSocketOptions,
  WebSocketReconnect,
  type WebSocketReconnectError,
  type WebSocketReconnectOptions,
} from '../../index.js';

const websocketOptions: WebSocketOptions = {
  headers: { Authorization: 'Bearer token', Cookie: ['a=1', 'b=2'], 'X-Count': 3 },
  origin: 'https://example.com',
  handshakeTimeout: 5000,
  maxPayload: 0,
  family: 4,
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: 100,
  lookup: (hostname, { all }, callback) =>
    callback(null, all ? [{ address: hostname, family: 4 }] : hostname, 4),
  socketPath: '/run/app.sock',
  keepAlive: true,
  keepAliveInitialDelay: 60000,
  rejectUnauthorized: false,
  ca: ['-----BEGIN CERTIFICATE-----', Buffer.from('')],
  key: [
    { pem: '-----BEGIN ENCRYPTED PRIVATE KEY-----', passphrase: 'secret' },
    { pem: '-----BEGIN PRIVATE KEY-----' },
  ],
  pfx: [{ buf: Buffer.from(''), passphrase: null }],
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  pins: ['sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  trust: 'system',
  perMessageDeflate: { threshold: 0, zlibDeflateOptions: { level: 1, chunkSize: 1024 } },
  protocolVersion: 13,
};

const options: WebSocketReconnectOptions = {
  url: new URL('wss://example.com'),
  protocols: ['chat', 'superchat'],
  websocketOptions,
  maxRetries: Infinity,
  baseDelay: undefined,
  maxDelay: null,
  heartbeatMessage: { type: 'ping' },
  circuitBreaker: { failureThreshold: 3 },
  queue: { maxMessages: 10, maxBytes: null, overflow: 'drop-oldest', ttl: 1000 },
  delivery: 'at-least-once',
  highWaterMark: Infinity,
  maxBufferedAmount: 1e6,
};

const forms: HeadersInput[] = [
  new Headers({ A: 'b' }),
  new URLSearchParams('a=b'),
  new Map([['A', ['b', 'c']]]),
  [
    ['A', 'b'],
    ['C', 4],
  ],
];
forms.map(
  (headers) =>
    new WebSocketReconnect({ url: 'ws://x', headers, websocketOptions: { headers: () => headers } }),
);
new WebSocketReconnect({ url: 'ws://x', circuitBreaker: false }).circuitBreaker.failureThreshold = Infinity;

const named: ProxyOptions = {
  url: new URL('https://p'),
  headers: [['a', 'b']],
  auth: 'a:b',
  ca: 'pem',
  rejectUnauthorized: true,
};
for (const proxy of ['env', false, 'socks5://p', new URL('http://p'), named, null] as const) {
  new WebSocketReconnect({ url: 'ws://x', proxy }).proxy = proxy;
}
new WebSocketReconnect({ url: 'ws://x', proxy: async ({ attempt }) => (attempt > 0 ? named : 'env') });

const ws = new WebSocketReconnect(options);

const opened: Promise<void> = ws.connect();
const room: boolean = ws.send('text');
const receipts: Promise<void>[] = [
  ws.sendConfirmed('text'),
  ws.sendConfirmed(Buffer.alloc(1), { timeout: 0 }),
  ws.flush({ timeout: 100 }),
];
ws.pause().resume();
const paused: boolean = ws.isPaused;
const bounds: QueueSettings | false = ws.queue;
const guarantee: Delivery = ws.delivery;
ws.highWaterMark = null;
ws.maxBufferedAmount = 1;
const queued: number | undefined = ws.getStats().queuedMessages;
ws.on('drop', ({ data, reason }) => [data, reason === 'expired']).on('drain', () => ws.send('more'));
ws.send(Buffer.from('bytes'));
ws.send(new ArrayBuffer(1));
ws.send(new SharedArrayBuffer(1));
ws.send(new Blob(['x']));
const taken: boolean = ws.send('text', (error) => error && error.code);
ws.send('text', { binary: true, compress: false, fin: true, mask: null });
ws.send('text', null, () => {});
ws.send(new Float64Array(1));
ws.send(new DataView(new ArrayBuffer(1)));
ws.close();
ws.close(1000);
ws.close(4000, 'bye');
ws.reset();
ws.openCircuit();
ws.closeCircuit();
ws.handleError(new Error('mine'));
ws.unref().ref().connect();

const stats: Stats = ws.getStats();
const delay: number = ws.calculateDelay(3);
const circuit: CircuitState = ws.getCircuitState();
const state: ConnectionState = ws.state;
const ready: ReadyState = ws.readyState;
const open: boolean = ws.readyState === WebSocketReconnect.OPEN;
const binaryType: BinaryType = ws.binaryType;

ws.retryCount = 0;
ws.circuitFailures = 0;
ws.manualClose = false;
ws.state = 'CLOSED';
ws.circuitState = 'HALF-OPEN';
ws.maxRetries = Infinity;
ws.jitter = null;
ws.circuitBreaker.failureThreshold = 4;
ws.circuitBreaker = { resetTimeout: 1000 };
ws.connectRate = { max: 300, per: 300000, concurrency: 20, scope: 'login' };
ws.connectRate = false;
const { connectRate } = new WebSocketReconnect({ url: 'ws://x', connectRate: { max: 3 } });
if (connectRate) connectRate.max.toFixed();
ws.url = new URL('ws://example.com');
const url: string = ws.url;
ws.protocols = 'chat';
const protocols: string[] = ws.protocols;
ws.websocketOptions.headers = { Authorization: 'Bearer fresh' };
ws.binaryType = 'arraybuffer';

ws.on('open', () => {})
  .once('message', (event) => {
    const text: string = typeof event.data === 'string' ? event.data : event.data.toString();
    event.target.send(text);
  })
  .on('retry', (info) => {
    const sum: number = info.attempt + info.delay + info.maxRetries;
    return sum;
  })
  .on('stateChange', (next) => next === 'BLOCKED')
  .on('circuitChange', (next) => next === 'HALF-OPEN')
  .on('error', (error) => {
    const code: string | undefined = error.code;
    const status: number | undefined = error.statusCode;
    const cookies = error.headers && error.headers['set-cookie'];
    const why = typeof error.body === 'string' ? error.body : error.body?.toString('latin1');
    return [code, status, cookies, why, error.code === 'WSR_ERR_HANDSHAKE'];
  })
  .on('close', function (info) {
    this.reset();
    if (info.code === 'MAX_RETRIES') return;
    const code: number = info.code;
    const clean: boolean = info.wasClean;
    return [code, clean];
  });

const onClose = (info: CloseInfo) => info.reason;
ws.addListener('close', onClose).prependListener('close', onClose).prependOnceListener('close', onClose);
ws.off('close', onClose)
  .removeListener('close', onClose)
  .off('close')
  .removeAllListeners()
  .removeAllListeners('close');
const emitted: boolean = ws.emit('retry', { attempt: 1, delay: 2, maxRetries: 3 });
const count: number = ws.listenerCount('open');
const waited: Promise<unknown[]> = once(ws, 'close');

ws.onopen = (event) => event.target.send('hello');
ws.onmessage = (event) => event.data;
ws.onclose = (event) => event.wasClean;
ws.onerror = (event) => event.error.code;
ws.onopen = null;
ws.addEventListener('message', (event) => event.data, { once: true });
ws.addEventListener('close', { handleEvent: (event) => event.type });
ws.addEventListener('retry', (info) => info.attempt);
ws.removeEventListener('message', ws.onmessage);
const { signal } = new AbortController();
ws.addEventListener('open', async () => {}, { signal, capture: true });
ws.addEventListener('open', { handleEvent: async () => {} }, true);
ws.removeEventListener('open', null, true);
ws.removeEventListener('open', null, { capture: true });
const unprevented: boolean = ws.dispatchEvent({ type: 'open' }) && ws.dispatchEvent(new Event('open'));
ws.on('message', async () => {}).on(EventEmitter.errorMonitor, (error) => error.code);

declare module '../../index.js' {
  interface WebSocketReconnectEvents {
    price: [symbol: string, value: number];
  }
}

class Ticker extends WebSocketReconnect {
  watch() {
    this.on('message', () => this.emit('price', 'X', 1));
    this.on('price', (symbol, value) => symbol.length + value);
  }
}

async function fails() {
  try {
    await ws.connect();
  } catch (error) {
    return (error as WebSocketReconnectError).code === 'WSR_ERR_GAVE_UP';
  }
}

export {
  binaryType,
  bounds,
  circuit,
  count,
  delay,
  emitted,
  fails,
  guarantee,
  open,
  opened,
  paused,
  protocols,
  queued,
  ready,
  receipts,
  room,
  state,
  stats,
  Ticker,
  taken,
  unprevented,
  url,
  waited,
};

const reconnecting: FailoverOptions = {
  urls: ['wss://a.example', new URL('wss://b.example')],
  failover: 'random',
  preferFirst: 600000,
  protocols: ({ attempt }) => [`v${attempt}`],
  headers: async ({ lastError, signal }) => ({
    'X-Why': `${lastError?.code}`,
    'X-Gone': `${signal.aborted}`,
  }),
  websocketOptions: { headers: () => ({ 'X-Count': 3 }) },
  jitter: 'decorrelated',
  minUptime: 5000,
  shouldReconnect: ({ code, statusCode, headers, error, elapsed }) =>
    code !== 4401 && statusCode !== 401 && headers?.['x-stop'] === undefined && !error && elapsed < 60000,
  reconnectOn: 'transient',
  reconnectDelay: async ({ attempt }) => (attempt === 1 ? 0 : null),
  maxRetryAfter: Infinity,
  connectionTimeout: 15000,
  connectGate: async ({ signal }) => {
    await fetch('https://budget.example', { signal });
  },
  init: async (session) => {
    session.send(new Uint8Array(1));
    const answer: string | Buffer | ArrayBuffer = await session.receive({ timeout: 5000 });
    if (session.isReconnect && !session.signal.aborted) session.send(answer);
  },
};
const refreshing = new WebSocketReconnect({ url: async () => new URL('wss://example.com') });
const again: Promise<void> = refreshing.reconnect(4000, 'new token');
refreshing.terminate();
refreshing.url = () => 'wss://example.com';
const place: string = refreshing.url;
refreshing.jitter = 'full';
refreshing.shouldReconnect = null;
refreshing.init = (session) => session.send('login');
refreshing.send('now', { volatile: true });
refreshing.signal = new AbortController().signal;
refreshing.on('open', () => {});
refreshing.on('open', ({ isReconnect, attempt, url, statusCode, headers, downtime }) => {
  const parts: [boolean, number, string, number, string | string[], number] = [
    isReconnect,
    attempt,
    url,
    statusCode,
    headers.server,
    downtime,
  ];
  return parts;
});
refreshing.on('reconnected', (info) => info.downtime.toFixed());
refreshing.on('giveup', ({ reason, message, retryCount, error }) => [
  reason,
  message,
  retryCount,
  error?.code,
]);

const drop = (message: DiagnosticsMessages['websocket-reconnect:drop']): number =>
  message.client.send(message.data) ? Buffer.from(message.data as string).length : 0;
const circuitTold = ({ state }: DiagnosticsMessages['websocket-reconnect:circuit']): CircuitState => state;
const traced = ({
  attempt,
  result,
  error,
}: ConnectTrace): [number, string | undefined, string | undefined] => [attempt, result?.url, error?.code];

export { again, circuitTold, drop, place, reconnecting, traced };
