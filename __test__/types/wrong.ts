import { WebSocketReconnect, type WebSocketReconnectOptions } from '../../index.js';

const url = 'ws://example.com';

// @ts-expect-error: options are required
new WebSocketReconnect();
// @ts-expect-error: so is the url
new WebSocketReconnect({ maxRetries: 1 });
// @ts-expect-error: it is no number
new WebSocketReconnect({ url: 8080 });
// @ts-expect-error: it is called with new
WebSocketReconnect({ url });
// @ts-expect-error: a number, not its text
new WebSocketReconnect({ url, maxRetries: '3' });
// @ts-expect-error: no such option
new WebSocketReconnect({ url, maxRetry: 3 });
// @ts-expect-error: no such option of the circuit breaker
new WebSocketReconnect({ url, circuitBreaker: { threshold: 3 } });
// @ts-expect-error: nor of the budget of attempts
new WebSocketReconnect({ url, connectRate: { rate: 3 } });
// @ts-expect-error: nor of compression
new WebSocketReconnect({ url, websocketOptions: { perMessageDeflate: { treshold: 1 } } });
// @ts-expect-error: a set has no names
new WebSocketReconnect({ url, headers: new Set(['A']) });
// @ts-expect-error: it is on where it is not turned off
new WebSocketReconnect({ url, circuitBreaker: true });
// @ts-expect-error: an agent has addRequest
new WebSocketReconnect({ url, websocketOptions: { agent: {} } });
// @ts-expect-error: what is called by ws itself cannot work here
new WebSocketReconnect({ url, websocketOptions: { generateMask: () => undefined } });
// @ts-expect-error: there is no such transport
new WebSocketReconnect({ url, websocketOptions: { transport: 'quic' } });
// @ts-expect-error: there is no such version of IP
new WebSocketReconnect({ url, websocketOptions: { family: 5 } });
// @ts-expect-error: it finds addresses
new WebSocketReconnect({ url, websocketOptions: { lookup: '127.0.0.1' } });
// @ts-expect-error: a path is text
new WebSocketReconnect({ url, websocketOptions: { socketPath: 1 } });
// @ts-expect-error: the time is another option
new WebSocketReconnect({ url, websocketOptions: { keepAlive: 1000 } });
// @ts-expect-error: nor another version of the protocol
new WebSocketReconnect({ url, websocketOptions: { protocolVersion: 8 } });
// @ts-expect-error: a header is no object
new WebSocketReconnect({ url, websocketOptions: { headers: { Authorization: {} } } });
// @ts-expect-error: a heartbeat is text or an object
const heartbeat: WebSocketReconnectOptions = { url, heartbeatMessage: 7 };
// @ts-expect-error: no such guarantee
new WebSocketReconnect({ url, delivery: 'exactly-once' });
// @ts-expect-error: no such way out
new WebSocketReconnect({ url, queue: { overflow: 'drop' } });
// @ts-expect-error: a queue has no size but by messages and bytes
new WebSocketReconnect({ url, queue: 1000 });

// @ts-expect-error: a proxy is named, or false
new WebSocketReconnect({ url, proxy: true });
// @ts-expect-error: a proxy has no port of its own
new WebSocketReconnect({ url, proxy: { url: 'http://p', port: 1 } });

const ws = new WebSocketReconnect({ url });
// @ts-expect-error: the queue is set once
ws.queue = true;
// @ts-expect-error: the limit is an option by name
ws.sendConfirmed('text', 1000);
// @ts-expect-error: drain has no argument
ws.on('drain', (room) => room);
// @ts-expect-error: there is no such reason
ws.on('drop', ({ reason }) => reason === 'lost');

// @ts-expect-error: an object is not sent as JSON by itself
ws.send({ type: 'hello' });
// @ts-expect-error: neither is a number
ws.send(7);
// @ts-expect-error: a message goes out as a whole
ws.send('part', { fin: false });
// @ts-expect-error: there is no such option
ws.send('text', { encoding: 'utf8' });
// @ts-expect-error: the callback comes last
ws.send('text', () => {}, { binary: true });
// @ts-expect-error: the code is a number
ws.close('bye');
// @ts-expect-error: the attempt is required
ws.calculateDelay();
// @ts-expect-error: an error is needed
ws.handleError('refused');
// @ts-expect-error: no such event
ws.on('reconnect', () => {});
// @ts-expect-error: no such event
ws.off('mesage');
// @ts-expect-error: no such event
ws.addEventListener('reconnect', () => {});
// @ts-expect-error: a retry has no count
ws.on('retry', (info) => info.count);
// @ts-expect-error: open tells of the connection, and is no WHATWG event
ws.on('open', (event) => event.type);
// @ts-expect-error: a retry is emitted with its whole argument
ws.emit('retry', { attempt: 1 });
// @ts-expect-error: data may be bytes
ws.on('message', (event) => event.data.toUpperCase());
// @ts-expect-error: the code may be a word
ws.on('close', (info) => info.code.toFixed());
// @ts-expect-error: there is no such state
ws.on('stateChange', (state) => state === 'RECONNECTING');
// @ts-expect-error: there is no such state of the circuit
ws.on('circuitChange', (state) => state === 'HALF_OPEN');
// @ts-expect-error: the listener gets an event, not the error itself
ws.addEventListener('error', (event) => event.code);
// @ts-expect-error: the signal is an object
ws.addEventListener('open', () => {}, { signal: true });
// @ts-expect-error: there is no such option
ws.addEventListener('open', () => {}, { ones: true });
// @ts-expect-error: an event has a type
ws.dispatchEvent({ data: 'x' });
// @ts-expect-error: nor does the attribute
ws.onerror = (event) => event.code;
// @ts-expect-error: there is no such state
ws.state = 'RECONNECTING';
// @ts-expect-error: a view only
ws.readyState = 1;
// @ts-expect-error: a Blob is not made here
ws.binaryType = 'blob';
// @ts-expect-error: a statistic is a number
ws.getStats().uptime.length;
// @ts-expect-error: the promise brings nothing
ws.connect().then((value: string) => value);

export { heartbeat };

// @ts-expect-error: no such jitter
new WebSocketReconnect({ url, jitter: 'half' });
// @ts-expect-error: no such preset
new WebSocketReconnect({ url, reconnectOn: 'never' });
// @ts-expect-error: a verdict is true or false
new WebSocketReconnect({ url, shouldReconnect: () => 'yes' });
// @ts-expect-error: the first messages of a connection are no list
new WebSocketReconnect({ url, init: ['login'] });
// @ts-expect-error: a delay is a number
new WebSocketReconnect({ url, reconnectDelay: () => '5' });
// @ts-expect-error: a URL is none
new WebSocketReconnect({ url: () => 5 });
// @ts-expect-error: one signal, not its controller
new WebSocketReconnect({ url, signal: new AbortController() });
// @ts-expect-error: a list
new WebSocketReconnect({ urls: url });
