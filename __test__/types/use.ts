// Compiles, and each line below `@ts-expect-error` would not without it.
import {
  type CircuitState,
  type CloseInfo,
  type ConnectionState,
  type MessageEvent,
  type RetryInfo,
  WebSocketReconnect,
  type WebSocketReconnectOptions,
} from 'websocket-reconnect-native';

const options: WebSocketReconnectOptions = {
  url: new URL('wss://localhost/'),
  protocols: ['one', 'two'],
  websocketOptions: {
    headers: { Authorization: 'Bearer x', 'X-List': ['a', 'b'] },
    origin: 'https://localhost',
    auth: 'user:password',
    handshakeTimeout: 1000,
    maxPayload: 1024,
    followRedirects: true,
    maxRedirects: 3,
    perMessageDeflate: { threshold: 10, serverNoContextTakeover: true },
    closeTimeout: 1000,
    localAddress: '127.0.0.1',
    family: 4,
    servername: 'localhost',
    http2: true,
    rejectUnauthorized: false,
    ca: [Buffer.alloc(0), 'pem'],
    cert: 'pem',
    key: Buffer.alloc(0),
    passphrase: 'secret',
    pfx: Buffer.alloc(0),
    protocolVersion: 13,
  },
  maxRetries: Infinity,
  baseDelay: 1,
  maxDelay: 2,
  multiplier: 1,
  jitter: 0,
  heartbeatInterval: 0,
  heartbeatTimeout: 1,
  heartbeatMessage: { type: 'ping' },
  circuitBreaker: {
    failureThreshold: 1,
    resetTimeout: 1,
    halfOpenMaxRequests: 1,
    window: 1,
    failureRate: 0.5,
    minimumRequests: 1,
    scope: 'host',
  },
};

const ws = new WebSocketReconnect(options);
new WebSocketReconnect({
  url: 'ws://localhost',
  protocols: null,
  maxRetries: undefined,
  circuitBreaker: null,
});
new WebSocketReconnect({ url: 'ws://localhost', circuitBreaker: { scope: 'payments', window: null } });
// @ts-expect-error a scope is a name
new WebSocketReconnect({ url: 'ws://localhost', circuitBreaker: { scope: 7 } });
// @ts-expect-error the share of failures is a number
new WebSocketReconnect({ url: 'ws://localhost', circuitBreaker: { failureRate: '50%' } });
// @ts-expect-error the url is required
new WebSocketReconnect({});
// @ts-expect-error the options are required
new WebSocketReconnect();
// @ts-expect-error a number is no url
new WebSocketReconnect({ url: 5 });
// @ts-expect-error a string is no number
new WebSocketReconnect({ url: 'ws://localhost', maxRetries: '5' });
// @ts-expect-error options that do not exist are spelling mistakes
new WebSocketReconnect({ url: 'ws://localhost', maxRetry: 5 });
// @ts-expect-error options of ws that cannot work here
new WebSocketReconnect({ url: 'ws://localhost', websocketOptions: { finishRequest: () => undefined } });
// @ts-expect-error there is no IPv5
new WebSocketReconnect({ url: 'ws://localhost', websocketOptions: { family: 5 } });
// @ts-expect-error it is a class
WebSocketReconnect({ url: 'ws://localhost' });

const connected: Promise<void> = ws.connect();
ws.send('text');
ws.send(Buffer.alloc(1));
ws.send(new ArrayBuffer(1));
ws.send(new Uint16Array(1));
ws.send(new DataView(new ArrayBuffer(1)));
// @ts-expect-error an object is no message
ws.send({});
// @ts-expect-error a number is no message
ws.send(5);
ws.close();
ws.close(1000);
ws.close(1000, 'bye');
// @ts-expect-error a string is no code
ws.close('1000');
ws.reset();
ws.openCircuit();
ws.closeCircuit();
const circuit: CircuitState = ws.getCircuitState();
const delay: number = ws.calculateDelay(1);
ws.handleError(new Error('x'));
ws.ref().unref();

const stats = ws.getStats();
const numbers: number[] = [
  stats.retryCount,
  stats.maxRetries,
  stats.circuitFailures,
  stats.failureThreshold,
  stats.lastActivity,
  stats.uptime,
];
const state: ConnectionState = stats.state;
const circuitState: CircuitState = stats.circuitState;
// @ts-expect-error there is no such statistic
stats.unknown;

ws.on('open', () => {});
// @ts-expect-error open has no argument
ws.on('open', (argument: string) => {});
ws.on('message', (event) => {
  const { type, data, target }: MessageEvent = event;
  if (typeof data === 'string') data.toUpperCase();
  const client: WebSocketReconnect = target;
  // @ts-expect-error data may be binary
  data.toUpperCase();
});
ws.on('close', (info) => {
  const { code, reason }: CloseInfo = info;
  if (code === 'MAX_RETRIES') return;
  const number: number = code;
  // @ts-expect-error a close has no attempt
  info.attempt;
});
ws.on('error', (error) => {
  const { message, code, statusCode } = error;
  const status: number | undefined = statusCode;
  const text: string | undefined = code;
});
ws.on('retry', (info) => {
  const { attempt, delay, maxRetries }: RetryInfo = info;
  const sum: number = info.attempt + info.delay + info.maxRetries;
  // @ts-expect-error a retry has no code
  info.code;
});
ws.on('stateChange', (next) => {
  const known: ConnectionState = next;
  // @ts-expect-error there is no such state
  if (next === 'AJAR') return;
});
ws.on('circuitChange', (next) => {
  const known: CircuitState = next;
  // @ts-expect-error there is no such state of a circuit
  if (next === 'BLOCKED') return;
});
// @ts-expect-error the handler of a retry gets no string
ws.on('retry', (info: string) => {});
ws.once('retry', (info) => info.attempt).off('retry');
ws.off('message', (event: MessageEvent) => {});

ws.maxRetries = 5;
ws.circuitBreaker.failureThreshold = 1;
ws.circuitBreaker = { resetTimeout: 5 };
ws.retryCount = 0;
ws.circuitFailures = 0;
ws.manualClose = false;
ws.lastActivity = 0;
ws.url = 'ws://localhost';
// @ts-expect-error a string is no count
ws.retryCount = '0';
// @ts-expect-error there is no such state
ws.state = 'AJAR';

const readyState: 0 | 1 | 2 | 3 = ws.readyState;
// @ts-expect-error readyState cannot be written
ws.readyState = 1;
// @ts-expect-error bufferedAmount cannot be written
ws.bufferedAmount = 0;
const open: 1 = WebSocketReconnect.OPEN;
const words: string[] = [ws.protocol, ws.extensions];
ws.binaryType = 'arraybuffer';
// @ts-expect-error there are no blobs
ws.binaryType = 'blob';
ws.onopen = (event) => event.type;
ws.onmessage = (event) => event.data;
ws.onclose = (event) => event.code;
ws.onerror = (event) => event.error.message;
ws.onclose = null;
ws.addEventListener('message', (event) => event.data);
ws.addEventListener('close', { handleEvent: (event) => event.reason });
ws.removeEventListener('message', () => {});
// @ts-expect-error a message has no reason
ws.addEventListener('message', (event) => event.reason);

async function iterate() {
  for await (const data of ws) if (typeof data !== 'string') data.byteLength;
  for await (const info of ws.events('retry')) info.delay.toFixed();
  for await (const nothing of ws.events('drain')) nothing satisfies undefined;
  // @ts-expect-error a retry has no reason
  for await (const info of ws.events('retry')) info.reason;
  // @ts-expect-error there is no such event
  ws.events('nonsense');
  const read: { done: boolean; value?: string | Buffer | ArrayBuffer | undefined } = await ws.readable
    .getReader()
    .read();
  await ws.writable.getWriter().write('text');
  ws.duplex({ persistent: true, readableObjectMode: true }).end();
  // @ts-expect-error it is true or false
  ws.duplex({ persistent: 'yes' });
  const ended: Promise<void> = ws[Symbol.asyncDispose]();
  return ended;
}

export { circuit, circuitState, connected, delay, iterate, numbers, open, readyState, state, words };
