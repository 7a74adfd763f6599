import {
  type BlockedInfo,
  type HeartbeatMode,
  type HeartbeatReply,
  type RoundTripTimes,
  WebSocketReconnect,
} from '../../index.js';

const url = 'ws://example.com';

const ws = new WebSocketReconnect({
  url,
  heartbeatMode: 'ping',
  heartbeatReply: null,
  hidePong: true,
  idleTimeout: 1000,
  maxEventLoopBlock: 5000,
  detectSleep: false,
});
new WebSocketReconnect({ url, heartbeatReply: /pong/ });
new WebSocketReconnect({ url, heartbeatReply: (data) => typeof data === 'string' && data.length > 1 });

const mode: HeartbeatMode = ws.heartbeatMode;
const reply: HeartbeatReply | undefined = ws.heartbeatReply;
const hidden: boolean = ws.hidePong;
const idle: number = ws.idleTimeout;
const block: number = ws.maxEventLoopBlock;
const detects: boolean = ws.detectSleep;
ws.heartbeatMode = 'message';
ws.heartbeatMode = null;
ws.heartbeatReply = /x/;
ws.hidePong = undefined;
ws.idleTimeout = null;
ws.maxEventLoopBlock = 0;
ws.detectSleep = true;

const took: Promise<number> = ws.ping();
const rtt: RoundTripTimes | undefined = ws.getStats().rtt;
const p95: number | undefined = ws.getStats().rtt?.p95;

ws.on('ping', (payload) => payload.toString('hex'));
ws.on('pong', (payload) => payload.length);
ws.on('blocked', (info: BlockedInfo) => info.duration.toFixed());
ws.on('wake', ({ slept }) => slept.toFixed());
ws.on('network', () => {});
ws.on('error', (error) => error.code === 'WSR_ERR_IDLE_TIMEOUT' || error.code === 'WSR_ERR_PROBE_TIMEOUT');

// @ts-expect-error: there are two modes
new WebSocketReconnect({ url, heartbeatMode: 'pong' });
// @ts-expect-error: a text finds no reply
new WebSocketReconnect({ url, heartbeatReply: 'pong' });
// @ts-expect-error: nor does a function that says nothing
new WebSocketReconnect({ url, heartbeatReply: () => {} });
// @ts-expect-error: not a word
new WebSocketReconnect({ url, hidePong: 'yes' });
// @ts-expect-error: a number of milliseconds
new WebSocketReconnect({ url, idleTimeout: '1s' });
// @ts-expect-error: a number of milliseconds
new WebSocketReconnect({ url, maxEventLoopBlock: true });
// @ts-expect-error: it is on or off
new WebSocketReconnect({ url, detectSleep: 5000 });
// @ts-expect-error: it takes some time
const now: number = ws.ping();
// @ts-expect-error: the network has nothing to say
ws.on('network', (route: string) => route);
// @ts-expect-error: it may be unknown
ws.getStats().rtt.last;
