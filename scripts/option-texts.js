'use strict';

// The sentences that document an option, by its path in lib/options/table.js. `npm run docs:options` writes them, with what
// the table says of it, into index.d.ts, README.md, README.zh-CN.md and SKILL.md.

/**
 * @typedef {object} Text
 * @property {string[]} [doc] For index.d.ts, sentence by sentence, the effect first: what is allowed follows that one.
 * @property {string} [example]
 * @property {string} [type] In TypeScript, where it does not follow from the table.
 * @property {[string, string]} [alias] The name of the type of its words, and what that is.
 * @property {[string | undefined, string, string]} [standard] What stands for a default that is no value: in index.d.ts, in English
 *   and in Chinese.
 * @property {{ doc?: string, get?: string, set?: string }} [held] The property where it differs from the option.
 * @property {string} [en] The cell in README.md. Bounds, words and what turns it off follow it, or stand in place of `{}`; for
 *   `{names}` and `{defaults}` stand the options in it.
 * @property {string} [zh] The same in README.zh-CN.md.
 * @property {string} [skill] The same in SKILL.md, where it is another than in README.md.
 * @property {string} [zhOff] What turning it off means, in Chinese.
 * @property {'reconnecting'} [table] Which table has it, besides those of the groups.
 */

/** An option that is left to Node, and stands in no table. */
const ofNode = (type, told) => ({
  type,
  doc: [`${told} Node makes the connections then.`],
  standard: /** @type {[string, string, string]} */ (["Node's own", '', '']),
});

/** @type {Record<string, Text>} */
module.exports = {
  url: {
    doc: [
      'Where to connect: `ws:` or `wss:`, or `http:` and `https:` that mean the same, without a fragment; or `ws+unix:/path/of/socket:/path` (docs/addresses.md).',
      'Required where there are no `urls`.',
      'A function is called for every attempt:',
    ],
    example: `
new WebSocketReconnect({
  url: async ({ signal }) => \`wss://example.com/?ticket=\${await fetchTicket({ signal })}\`,
  connectionTimeout: 15000, // the ticket's time is in it
});`,
    type: 'PerAttempt<string | UrlLike>',
    standard: [undefined, 'required', '必填'],
    held: {
      doc: "Where the next attempt connects to; with `urls` or a function, where the latest connection or attempt does, `''` before the first call. Writing it replaces `urls`.",
      get: 'string',
      set: 'PerAttempt<string | UrlLike>',
    },
    en: '`ws:` or `wss:` (`http:` and `https:` mean the same) or [`ws+unix:`](docs/addresses.md), a string or `URL`, without a fragment; or a function',
    zh: '`ws:` 或 `wss:` 地址（`http:`、`https:` 同义），或 [`ws+unix:`](docs/addresses.md)（英文），字符串或 `URL`，不能带片段；也可以是函数',
    skill: '`ws:` or `wss:`, or `ws+unix:/path/of/socket:/path`; or a function, called for every attempt',
  },
  urls: {
    doc: [
      'Servers of the same service, the preferred one first: each failed attempt and each lost connection moves on to another, see `failover`.',
      'A `url` beside them comes first.',
    ],
    example: `
new WebSocketReconnect({
  urls: ['wss://eu.example.com', 'wss://us.example.com'],
  preferFirst: 600000, // back to Europe after ten minutes
});`,
    type: 'readonly (string | UrlLike)[]',
    standard: ['none: `url` alone', '`url` alone', '仅 `url`'],
    held: {
      doc: 'All servers, the preferred one first; `url` alone where there are no others.',
      get: 'string[]',
      set: 'readonly (string | UrlLike)[]',
    },
    en: 'several servers, the preferred one first; each failure moves on',
    zh: '多个服务器，首选在前；每次失败换下一个',
    table: 'reconnecting',
  },
  protocols: {
    doc: ['Subprotocols to offer, best first.', 'A function is called for every attempt.'],
    type: 'PerAttempt<string | readonly string[]>',
    held: {
      doc: 'The subprotocols that the next attempt offers; with a function, what it returned last.',
      get: 'string[]',
    },
    en: 'subprotocols to offer, a string or an array; or a function',
    zh: '要提议的子协议，字符串或数组；也可以是函数',
    skill: 'subprotocols to offer; or a function',
  },
  headers: {
    doc: [
      'Headers of the upgrade request, beside `websocketOptions.headers`; of the same name, these are sent.',
      'A function is called for every attempt: the place for a token that expires.',
    ],
    example: `
new WebSocketReconnect({
  url: 'wss://example.com',
  headers: async () => ({ Authorization: \`Bearer \${await freshToken()}\` }),
});`,
    standard: ['none', 'none', '无'],
    held: {
      doc: 'Headers beside those of `websocketOptions`, as they were given.',
      get: 'Optional<PerAttempt<HeadersInput>>',
    },
    en: 'headers beside `websocketOptions.headers`, in the same forms; or a function',
    zh: '`websocketOptions.headers` 之外的请求头，形式与它相同；也可以是函数',
    skill:
      'headers of the upgrade: an object, `Headers`, `Map` or entries; or a function, sync or async: the place for a token',
  },
  proxy: {
    doc: [
      'The proxy that leads to the server: a URL, or an object with more than that; the schemes are `http:`, `https:`, `socks5:`, `socks5h:`, `socks4:` and `socks4a:`.',
      "`'env'`: as `WSS_PROXY`, `WS_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment say at `connect()` and after each `retry`.",
      'A function is called for every attempt (docs/proxies.md).',
    ],
    type: 'PerAttempt<ProxySetting>',
    example: `
new WebSocketReconnect({ url: 'wss://example.com', proxy: 'http://user:password@proxy.example.com:3128' });`,
    held: {
      doc: 'The proxy for the next attempts, as it was given.',
      get: 'PerAttempt<ProxySetting>',
      set: 'Optional<PerAttempt<ProxySetting>>',
    },
    en: "the proxy that leads to the server: a URL, or an object with {names}; `'env'`: as the environment says; or a function: [docs/proxies.md](docs/proxies.md)",
    zh: "通往服务器的代理：URL，或带有 {names} 的对象；`'env'` 表示按环境变量；也可以是函数，见 [docs/proxies.md](docs/proxies.md)（英文）",
    zhOff: '不使用代理',
    skill:
      "the proxy: `'env'`, a URL (HTTP, SOCKS), or an object with {names}; or a function ([docs/proxies.md](docs/proxies.md))",
  },
  websocketOptions: {
    doc: ['How to connect: headers, TLS, limits.'],
    type: 'WebSocketOptions',
    held: {
      doc: 'How the next attempt connects. Assigning holds at once; what is written into the object is read at `connect()` and after each `retry`. A token that expires belongs into `headers` as a function.',
    },
    en: 'headers, TLS, limits: [see below](#websocketoptions)',
    zh: '请求头、TLS、各种上限：[见下文](#websocketoptions)',
    skill: 'client options of `ws`: {names}; any other throws',
  },
  maxRetries: {
    doc: [
      'Retries in a row before the client gives up (`FAILED`).',
      'An `open` starts the count again; `Infinity` never gives up.',
    ],
    en: 'retries in a row before the client gives up; `Infinity` never does',
    zh: '连续重试多少次后放弃；`Infinity` 表示永不放弃',
    zhOff: '不重试',
    skill: 'retries in a row; `Infinity` has no end',
  },
  baseDelay: {
    doc: ['The delay before the first retry.'],
    en: 'ms before the first retry',
    zh: '第一次重试前的等待，毫秒',
  },
  maxDelay: {
    doc: ['The longest delay, before jitter.'],
    en: 'ms, the cap of every delay, before jitter',
    zh: '每次等待的上限（抖动之前），毫秒',
    zhOff: '不设上限',
  },
  multiplier: {
    doc: ['Each delay is this many times the one before.'],
    en: 'growth from one delay to the next',
    zh: '相邻两次等待的倍数',
    zhOff: '不增长',
    skill: 'growth of the delay',
  },
  jitter: {
    doc: [
      'How far a delay is moved at random, as a share of it, so that clients cut off together do not come back together.',
      'It comes after the cap.',
      "The kinds: `'full'` draws from 0 to the delay, `'equal'` from half of it to all, `'decorrelated'` from `baseDelay` to three times the delay before (to `maxDelay` where that is less; `multiplier` has no effect), and `'none'` turns it off.",
      'Of many clients that were cut off together, the default has half come back within one tenth of a second;',
      "choose `'full'` for them (docs/reconnecting.md).",
    ],
    alias: [
      'JitterKind',
      'The kinds of jitter of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), and none.',
    ],
    en: "how far a delay is moved at random, as a share of it{}. For many clients of one server choose [`'full'`](docs/reconnecting.md#many-clients)",
    zh: "等待时间随机浮动的比例{}。同一服务器有大量客户端时请选 [`'full'`](docs/reconnecting.md#many-clients)",
    skill: "how far a delay is moved at random{}; choose `'full'` for many clients of one server",
  },
  heartbeatInterval: {
    doc: [
      'The time between heartbeats.',
      'A server that neither answers the default heartbeat nor says anything else is cut after `heartbeatTimeout`: see `heartbeatMode`.',
    ],
    en: 'ms between heartbeats',
    zh: '两次心跳的间隔，毫秒',
    zhOff: '关闭心跳',
  },
  heartbeatTimeout: {
    doc: [
      'How long the peer may stay silent after a heartbeat.',
      'Any frame counts as a sign of life.',
      'Then the connection is cut and retried.',
    ],
    en: 'ms that the peer may stay silent after a heartbeat',
    zh: '心跳之后对方最多可以沉默多久，毫秒',
    skill: 'ms of silence after a heartbeat that mean dead',
  },
  heartbeatMessage: {
    doc: ['What a heartbeat sends, as text; an object goes out as its JSON.'],
    en: 'what a heartbeat sends, as text; an object goes out as its JSON',
    zh: '心跳发送的文本；对象以 JSON 形式发送',
    skill: 'string, or object sent as JSON',
  },
  heartbeatMode: {
    doc: [
      "What a heartbeat is: `'message'` sends `heartbeatMessage`; `'ping'` sends a ping frame, which every server answers.",
    ],
    alias: ['HeartbeatMode', 'What a heartbeat sends: a message, or a ping frame.'],
    en: "`'ping'` sends ping frames, which every server answers, in place of `heartbeatMessage`",
    zh: "`'ping'` 发送任何服务器都会应答的 ping 帧，代替 `heartbeatMessage`",
    skill: "`'ping'` sends ping frames, which every server answers",
  },
  heartbeatReply: {
    doc: [
      'Which message answers a heartbeat: a text that the expression matches, or data for which the function says `true`.',
      'Without it any frame is an answer.',
      "Only with `heartbeatMode: 'message'`.",
      'A busy event loop, which cannot judge, kills no peer.',
    ],
    type: 'HeartbeatReply',
    standard: ['any frame', 'any frame', '任何帧'],
    en: 'a RegExp, or a function of the data: which message answers a heartbeat',
    zh: '正则表达式，或以数据为参数的函数：哪条消息算作对心跳的应答',
  },
  hidePong: {
    doc: ['Whether JSON messages of the type `pong` are kept from `message`.'],
    en: '`true` keeps JSON messages of the type `pong` from `message`',
    zh: '`true` 时类型为 `pong` 的 JSON 消息不会到达 `message`',
    skill: '`true` keeps `{"type":"pong"}` from `message`',
  },
  idleTimeout: {
    doc: ['How long nothing may arrive before the connection is cut and retried (`WSR_ERR_IDLE_TIMEOUT`).'],
    en: 'ms that nothing may arrive before the peer is taken for dead',
    zh: '多久什么都没收到就认为对方已失效，毫秒',
  },
  maxEventLoopBlock: {
    doc: [
      'How long the event loop may be blocked before the engine closes with 4008 `event loop blocked`, so that no heartbeats vouch for an application that does not run.',
      '`blocked` comes when the loop runs again, then the retry.',
    ],
    en: 'ms that your event loop may be blocked before the engine leaves with 4008',
    zh: '事件循环最多可以阻塞多久，超过后引擎以 4008 关闭连接，毫秒',
  },
  detectSleep: {
    doc: [
      'Whether the peer is asked with a ping, and cut after 3 seconds of silence, when the machine has slept (`wake`) or, on Linux, has a new default route (`network`).',
      'Both also end a wait to retry within `baseDelay`, but neither one that `Retry-After` asked for nor one that `reconnectDelay` chose.',
    ],
    en: 'asks the peer after the machine slept, or has a new default route (Linux); both also end a wait to retry early',
    zh: '机器休眠之后，或有了新的默认路由（Linux）时，询问对方是否还在；两者也会提前结束重试前的等待',
    zhOff: '关闭，也没有 wake 和 network',
    skill:
      'asks the peer after sleep, and on Linux with a new default route; both also end a wait to retry early',
  },
  init: {
    doc: [
      'The first messages of each connection, such as a login: called before `open` is told, before `connect()` resolves, and before what is queued goes out; `session` sends and receives them.',
      'It may return a promise.',
      'The state stays `CONNECTING`, and `connectionTimeout` covers it.',
      'An error that it throws, or a server that closes before it is done, is a failed attempt.',
    ],
    example: `
new WebSocketReconnect({
  url: 'wss://example.com',
  delivery: 'at-least-once',
  init: async (session) => {
    session.send(JSON.stringify({ type: 'auth', token: await freshToken() }));
    const answer = await session.receive({ timeout: 5000 });
    if (answer !== '{"type":"auth_ok"}') throw new Error('not authorized');
  },
});`,
    type: '(session: InitSession) => void | PromiseLike<void>',
    standard: ['none', 'none', '无'],
    held: {
      doc: 'The first messages of each connection.',
      get: "WebSocketReconnectOptions['init']",
      set: "WebSocketReconnectOptions['init']",
    },
    en: 'a function of the first messages of each connection, such as a login, before `open` and before what is queued: [docs/delivery.md](docs/delivery.md)',
    zh: '每个连接最先收发的消息（例如登录），先于 `open`，也先于排队的消息：[docs/delivery.md](docs/delivery.md)（英文）',
    skill:
      '`async (session) => { … }`: the first messages of each connection, such as a login, before `open` and before what is queued',
  },
  queue: {
    doc: [
      'Whether `send()` is accepted without a connection: `true`, or the bounds, while connecting, waiting to retry and blocked; what waits goes out in order at `open`.',
      '`false` turns it off: `send()` throws in any state but `OPEN`.',
    ],
    type: 'boolean | QueueOptions',
    standard: [
      "what is sent while connecting is kept, without a bound; `true` with `delivery: 'at-least-once'`",
      'while connecting',
      '连接期间',
    ],
    held: {
      doc: 'The bounds of the queue, or `false` where there is none.',
      get: 'QueueSettings | false',
    },
    en: '`true`, or `{defaults}`: `send()` also while waiting to retry and blocked; `false`: in `OPEN` alone',
    zh: '`true` 或 `{defaults}`：等待重试和熔断期间也可以 `send()`；`false`：仅限 `OPEN`',
    skill: '`true` or `{defaults}`: `send()` also while waiting and blocked; `false`: in `OPEN` alone',
  },
  delivery: {
    doc: [
      "`'at-least-once'` keeps what was written until the peer has read it, and sends it again first on the next connection; some messages can then arrive twice (docs/delivery.md).",
    ],
    alias: ['Delivery', 'What `send()` promises of a message that was written when its connection is lost.'],
    held: { doc: 'What becomes of a message that was written when its connection is lost.' },
    en: "`'at-least-once'` sends again what a lost connection has not delivered: [docs/delivery.md](docs/delivery.md)",
    zh: "`'at-least-once'` 会重新发送断开的连接没有送达的消息：[docs/delivery.md](docs/delivery.md)（英文）",
    skill:
      "`'at-least-once'` sends again what a lost connection has not delivered; put an id into each message, since some may come twice",
  },
  highWaterMark: {
    doc: ['Above so many buffered bytes `send()` returns `false`, and `drain` follows.'],
    en: 'bytes buffered above which `send()` returns `false`, and `drain` follows',
    zh: '缓冲超过多少字节时 `send()` 返回 `false`，之后触发 `drain`',
    skill: 'bytes buffered above which `send()` returns `false`, then `drain`',
  },
  maxBufferedAmount: {
    doc: ['A message that would lead to more buffered bytes throws `WSR_ERR_BUFFER_FULL`.'],
    en: 'bytes buffered beyond which `send()` throws',
    zh: '缓冲超过多少字节时 `send()` 抛出异常',
  },
  circuitBreaker: {
    doc: ['When to stop connecting to a server that keeps failing.'],
    type: 'CircuitBreakerOptions | false',
    standard: ['its options with their defaults', '', ''],
    held: { doc: "The circuit breaker's settings.", get: 'CircuitBreakerSettings' },
  },
  failover: {
    doc: ['Which of the `urls` follows a failure: the next in order, or any of the others.'],
    en: "where a failure leads: `'next'` or `'random'`",
    zh: "失败后换到哪一个：`'next'` 或 `'random'`",
    skill: "`'next'` or `'random'`",
    table: 'reconnecting',
  },
  preferFirst: {
    doc: [
      'How long after it was left the first of the `urls` is tried again; an open connection to another is left for that, and comes back where the first fails.',
      'Turned off, the client stays where it is connected.',
    ],
    en: 'ms after which the client goes back to the first of the `urls`',
    zh: '多久之后回到 `urls` 中的第一个，毫秒',
    table: 'reconnecting',
  },
  minUptime: {
    doc: [
      "How long a connection must live before `retryCount` and the circuit's failures are forgotten.",
      'A server that accepts and drops is then retried ever later, and given up in the end.',
      'With 0 an `open` forgets them at once.',
    ],
    en: 'ms that a connection must live before retries and failures are forgotten',
    zh: '连接至少存活多久才清除之前的重试和失败次数，毫秒',
    table: 'reconnecting',
  },
  connectGate: {
    doc: [
      'Awaited before each attempt, in the state `CONNECTING` and outside of `connectionTimeout`: a place to wait for a budget, a lock, a login.',
      'Throwing or rejecting is a failed attempt that is told as `error` and retried, and does not count against the circuit.',
      'A function that it returns is called once the attempt that it let go has ended, by an open connection or without one: what was taken can be given back there.',
      'While it is waited for, `getStats().waitingFor` says so.',
    ],
    example: `
async function readyAgain(url: string | undefined) {
  // Ask something else whether the server is there.
}

new WebSocketReconnect({
  url: 'wss://example.com',
  connectGate: async ({ url, isReconnect }) => {
    if (isReconnect) await readyAgain(url);
    return ({ isOpen }) => console.log(isOpen ? 'connected' : 'not connected');
  },
});`,
    type: '(context: GateContext) => void | AttemptEnded | PromiseLike<AttemptEnded | undefined> | PromiseLike<void>',
    standard: ['none', 'none', '无'],
    held: {
      doc: 'What lets attempts go.',
      get: "WebSocketReconnectOptions['connectGate']",
      set: "WebSocketReconnectOptions['connectGate']",
    },
    en: 'a function that is awaited before each attempt, such as for a budget of connects',
    zh: '每次尝试连接之前等待的函数，例如等待连接配额',
    table: 'reconnecting',
  },
  connectRate: {
    doc: [
      'A budget of attempts that the client keeps to together with all in the process that share it, worker threads included.',
      'An attempt that has to wait for it does so in the state `CONNECTING`, outside of `connectionTimeout`, and `getStats().waitingFor` says so; the delay that `retry` tells has the wait in it that is known by then.',
    ],
    type: 'ConnectRateOptions | false',
    standard: ['none', '', ''],
    example: `
new WebSocketReconnect({
  url: 'wss://example.com',
  // Never more than 300 attempts in any 5 minutes, nor more than 20 at once.
  connectRate: { max: 300, per: 300000, concurrency: 20 },
});`,
    held: {
      doc: 'The budget of attempts, or `false` where there is none.',
      get: 'ConnectRateSettings | false',
      set: 'Optional<ConnectRateOptions | false>',
    },
  },
  shouldReconnect: {
    doc: [
      "Whether to connect again after a connection or an attempt has ended; `false` gives up: `FAILED`, a last `close`, and `giveup` with `'STOPPED'`.",
      'It may return a promise.',
      'What it throws, or returns besides true and false, is told as `error`, and the client connects again; so it does where a promise does not settle within `connectionTimeout`.',
      'Not called once the retries are used up.',
    ],
    example: `
new WebSocketReconnect({
  url: 'wss://example.com',
  shouldReconnect: ({ code, statusCode }) => code !== 4401 && statusCode !== 403,
});`,
    type: '(context: ReconnectContext) => boolean | PromiseLike<boolean>',
    standard: ['none: always', 'always', '总是'],
    held: {
      doc: 'Whether to connect again.',
      get: "WebSocketReconnectOptions['shouldReconnect']",
      set: "WebSocketReconnectOptions['shouldReconnect']",
    },
    en: 'a function of how the connection ended; `false` gives up',
    zh: '根据连接如何结束来决定的函数；返回 `false` 即放弃',
    table: 'reconnecting',
  },
  reconnectOn: {
    doc: [
      "`'transient'` gives up after what the same attempt would meet again: a status of 400–499 but 408, 425 and 429, and a close frame of the server with 1002, 1003, 1007, 1009 or 1010: `FAILED`, a last `close`, and `giveup` with `'NOT_TRANSIENT'`.",
      'What the client finds wrong by itself is retried.',
    ],
    held: { doc: 'After what to connect again.' },
    en: "`'transient'` gives up on most 4xx, and where the server closes with 1002, 1003, 1007, 1009 or 1010",
    zh: "`'transient'` 在多数 4xx 时，以及服务器以 1002、1003、1007、1009 或 1010 关闭时放弃",
    table: 'reconnecting',
  },
  reconnectDelay: {
    doc: [
      'The delay before the next retry, in milliseconds, without jitter and whatever `Retry-After` says; `null` leaves it to the other options.',
      'It may return a promise.',
      'Errors are treated as those of `shouldReconnect`.',
    ],
    example: `
new WebSocketReconnect({
  url: 'wss://example.com',
  reconnectDelay: ({ attempt, code }) => (attempt === 1 && code === 1012 ? 0 : null),
});`,
    type: '(context: ReconnectContext) => number | null | undefined | PromiseLike<number | null | undefined>',
    standard: ['none', 'none', '无'],
    held: {
      doc: 'How long to wait before connecting again.',
      get: "WebSocketReconnectOptions['reconnectDelay']",
      set: "WebSocketReconnectOptions['reconnectDelay']",
    },
    en: 'a function that says the delay in ms; `null` leaves it to the client',
    zh: '返回等待毫秒数的函数；`null` 表示由客户端决定',
    table: 'reconnecting',
  },
  maxRetryAfter: {
    doc: [
      'The longest `Retry-After` of a refused upgrade (seconds, or a date) that is honoured: the retry, or the probe of the circuit, comes no earlier.',
      'With `urls` it holds back the URL that was refused alone.',
      'Jitter moves it later alone.',
      '`Infinity` sets no limit.',
    ],
    en: 'ms, the longest `Retry-After` that is honoured',
    zh: '最多遵从多长的 `Retry-After`，毫秒',
    zhOff: '忽略',
    table: 'reconnecting',
  },
  connectionTimeout: {
    doc: [
      'How long one attempt may take, promises of `url`, `protocols`, `headers` and `proxy` included.',
      'It counts from the call of those functions.',
    ],
    standard: ['`websocketOptions.handshakeTimeout`', '`handshakeTimeout`', '`handshakeTimeout`'],
    held: { get: 'number' },
    en: 'ms that one attempt may take, your functions included',
    zh: '一次连接的时限，毫秒，包括您的函数',
    zhOff: '不限',
    table: 'reconnecting',
  },
  signal: {
    doc: [
      "Its abort ends the client as `close(1000, 'Aborted')` does, and rejects the promise of `connect()` with its reason.",
      'While it is aborted nothing starts.',
    ],
    example: `
new WebSocketReconnect({ url: 'wss://example.com', signal: AbortSignal.timeout(60000) });`,
    type: 'AbortSignalLike',
    standard: ['none', 'none', '无'],
    held: { doc: 'What ends the client by its abort.' },
    en: 'an `AbortSignal` that closes the client',
    zh: '用来关闭客户端的 `AbortSignal`',
    table: 'reconnecting',
  },

  webSocket: {
    doc: [
      "The class of a WebSocket to connect by, in place of the platform's own.",
      'For `websocket-reconnect-native/portable` and browsers alone; the native engine refuses it.',
    ],
    type: 'WebSocketClass',
    standard: ["the platform's own", 'none', '无'],
    en: '`/portable` and browsers: the class to connect by',
    zh: '仅 `/portable` 与浏览器：用来连接的类',
    table: 'reconnecting',
  },
  timers: {
    doc: [
      'Which timers are used: those of the page, or of a Worker, which are in time while the page is hidden.',
      "Where the page's policy forbids a Worker of a Blob, those of the page are used.",
      'For browsers alone; the native engine refuses it.',
    ],
    type: "'page' | 'worker'",
    en: "browsers: whose timers are used; `'worker'` ones are in time while the page is hidden",
    zh: "仅浏览器：使用谁的计时器；页面隐藏时 `'worker'` 的计时器仍然准时",
    table: 'reconnecting',
  },
  whenHidden: {
    doc: [
      "What a client does that waits to connect again while the page is hidden: `'wait'` makes no attempt until it is shown.",
      'For browsers alone; the native engine refuses it.',
    ],
    type: "'connect' | 'wait'",
    en: "browsers: `'wait'` makes no attempt while the page is hidden",
    zh: "仅浏览器：`'wait'` 表示页面隐藏时不尝试连接",
    table: 'reconnecting',
  },

  'circuitBreaker.failureThreshold': {
    doc: ['Failures in a row that open the circuit.', 'An `open` starts the count again.'],
    en: 'failures in a row that open the circuit{}; `circuitBreaker: false` turns it off too',
    zh: '连续失败多少次后熔断{}；`circuitBreaker: false` 也会关闭它',
    zhOff: '没有窗口时关闭熔断器',
  },
  'circuitBreaker.resetTimeout': {
    doc: ['How long the circuit stays open before the client probes the server.'],
    en: 'ms until an open circuit is probed',
    zh: '熔断后多久开始探测，毫秒',
  },
  'circuitBreaker.halfOpenMaxRequests': {
    doc: ['Connections that may be under way in one half-open period.'],
    en: 'connections that may be under way in one half-open period',
    zh: '一个半开周期内最多可以同时发起的连接数',
  },
  'circuitBreaker.window': {
    doc: [
      'How far back outcomes count.',
      'With a window, `failureRate` of at least `minimumRequests` opens the circuit, in place of `failureThreshold` failures in a row.',
    ],
    en: 'ms that outcomes count; with it, a rate of failures opens the circuit and `failureThreshold` has no effect',
    zh: '结果计入统计的时间，毫秒；设置后按失败率熔断，`failureThreshold` 不起作用',
  },
  'circuitBreaker.failureRate': {
    doc: [
      'The share of the outcomes in the `window` that must be failures to open the circuit.',
      '0 is any failure, 1 nothing but failures.',
      'Has no effect while `window` is 0.',
    ],
    en: 'share of failures in the window that opens the circuit',
    zh: '窗口内失败占比达到多少时熔断',
  },
  'circuitBreaker.minimumRequests': {
    doc: [
      'With fewer outcomes than this in the `window` the circuit stays closed.',
      'Has no effect while `window` is 0.',
    ],
    en: 'outcomes in the window below which the circuit stays closed',
    zh: '窗口内的结果少于此数时不熔断',
  },
  'circuitBreaker.scope': {
    doc: [
      "With whom the circuit is shared, in all threads of the process: with nobody (`'instance'`), with all clients of the same host and port (`'host'`), or with all that give the same name.",
      'docs/circuits.md says what sharing means.',
    ],
    type: 'CircuitScope',
    en: "`'host'`, or a name of your own, shares one circuit among clients, worker threads included: [docs/circuits.md](docs/circuits.md)",
    zh: "`'host'` 或自定的名称：多个客户端（包括工作线程中的）共用一个熔断器，见 [docs/circuits.md](docs/circuits.md)（英文）",
    skill: "`'host'` or a name: clients share one circuit ([docs/circuits.md](docs/circuits.md))",
  },

  'connectRate.max': {
    doc: ['Attempts that may begin in any `per`; all of them may begin at once.'],
    en: 'attempts that may begin in any `connectRate.per`, of all clients of the process that share the budget',
    zh: '任意一段 `connectRate.per` 之内，共用配额的所有客户端最多开始多少次连接尝试',
    table: 'reconnecting',
  },
  'connectRate.per': {
    doc: ['How long an attempt that has begun counts against `max`.'],
    en: 'ms that an attempt which has begun counts',
    zh: '一次尝试计入配额的时间，毫秒',
    table: 'reconnecting',
  },
  'connectRate.concurrency': {
    doc: ['Attempts that may be under way at once: begun, and neither open nor failed.'],
    en: 'attempts that may be under way at once',
    zh: '同时进行的连接尝试数上限',
    table: 'reconnecting',
  },
  'connectRate.scope': {
    doc: [
      "Whose attempts count, in all threads of the process: those to the host and port of the URL (`'host'`), or those of all clients that give the same name.",
    ],
    type: 'ConnectScope',
    en: "`'host'`: all attempts to the host and port of the URL share the budget; a name of your own: those of all that give it",
    zh: "`'host'`：到同一主机和端口的尝试共用配额；自定的名称：使用同一名称的客户端共用",
    table: 'reconnecting',
  },

  'proxy.url': {
    doc: ['Its URL. Credentials in it are for the proxy.'],
    type: 'string | UrlLike',
    standard: ['none, it must be there', '', ''],
  },
  'proxy.headers': {
    doc: ['Headers of the CONNECT request, beside `Host` and `Proxy-Authorization`.'],
    type: 'HeadersInput',
    standard: ['none', '', ''],
  },
  'proxy.auth': {
    doc: ['`user:password`: Basic authentication, or that of SOCKS; wins over credentials in the URL.'],
    standard: ["none, or the URL's credentials", '', ''],
  },
  'proxy.rejectUnauthorized': {
    doc: ['`false` takes any certificate of an `https:` proxy, which can then be anybody.'],
  },
  'proxy.ca': {
    doc: ['Certificates to trust in place of those that Node trusts, for an `https:` proxy.'],
    standard: ['those that Node trusts', '', ''],
  },
  'proxy.cert': { doc: ["The client's certificate for an `https:` proxy."], standard: ['none', '', ''] },
  'proxy.key': {
    doc: ['Its private key, which must not be encrypted.'],
    standard: ['none', '', ''],
  },

  'queue.maxMessages': {
    doc: [
      "Messages that may wait; with `delivery: 'at-least-once'` those that are not confirmed count too.",
      'A large one turns the limit off.',
    ],
  },
  'queue.maxBytes': {
    doc: ['The same in bytes, of UTF-8 for text.', 'A large one turns the limit off.'],
    held: { doc: 'Bytes that may wait, of UTF-8 for text.' },
  },
  'queue.overflow': {
    doc: [
      "What happens to a message for which there is no room: `'throw'` has `send()` throw `WSR_ERR_QUEUE_FULL`, `'drop-oldest'` drops others to make room, `'drop-newest'` drops the new one; `drop` tells of those.",
    ],
    alias: ['Overflow', 'What happens to a message for which the queue has no room.'],
    held: { doc: 'What happens to a message for which there is no room.' },
  },
  'queue.ttl': {
    doc: ['How long a message may wait since its `send()`; then it is dropped.'],
  },

  'websocketOptions.headers': {
    doc: ['Headers of the upgrade request, sent on every attempt.', 'Names in any case.'],
    standard: ['none', '`{}`', '`{}`'],
    en: 'headers of the upgrade, sent on every attempt: an object, `Headers`, `Map`, `URLSearchParams` or an array of entries; values are strings, numbers or arrays of strings',
    zh: '升级请求的请求头，每次连接都会发送：对象、`Headers`、`Map`、`URLSearchParams` 或键值对数组；值为字符串、数字或字符串数组',
  },
  'websocketOptions.origin': {
    doc: ['The `Origin` header.'],
    standard: ['none', 'none', '无'],
    en: 'the `Origin` header',
    zh: '`Origin` 请求头',
  },
  'websocketOptions.auth': {
    doc: ['`user:password` for Basic authentication.'],
    standard: ["none, or the URL's credentials", 'none', '无'],
    en: "`'user:password'` for Basic authentication; credentials in the URL work too",
    zh: "Basic 认证的 `'user:password'`；也可以把凭据写在 URL 里",
  },
  'websocketOptions.handshakeTimeout': {
    doc: ['Time for DNS, TCP, TLS and the upgrade together.'],
    en: 'ms for DNS, TCP, TLS and upgrade together',
    zh: 'DNS、TCP、TLS 和升级合计的时限，毫秒',
    zhOff: '不限',
  },
  'websocketOptions.maxPayload': {
    doc: ['The largest message taken, after inflating.', 'A larger one closes with 1009.'],
    en: 'bytes of the largest message taken',
    zh: '可接收的最大消息，字节',
    zhOff: '不限',
  },
  'websocketOptions.followRedirects': {
    doc: ['Whether redirects of the upgrade are followed.'],
    en: 'whether redirects are followed',
    zh: '是否跟随重定向',
  },
  'websocketOptions.maxRedirects': {
    doc: ['Redirects that are followed at most.'],
    en: 'redirects that are followed at most',
    zh: '最多跟随几次重定向',
  },
  'websocketOptions.perMessageDeflate': {
    doc: ['Whether compression is offered, and how.'],
    type: 'boolean | PerMessageDeflateOptions',
    en: 'offers compression{}; an object tunes it ({names} with `level` and `memLevel`)',
    zh: '提议压缩{}；对象用于微调（{names}，后者有 `level` 和 `memLevel`）',
    zhOff: '不提议',
  },
  'websocketOptions.closeTimeout': {
    doc: ["How long to wait for the peer's close frame before the socket is cut."],
    en: "ms to wait for the peer's close frame",
    zh: '等待对方关闭帧的时间，毫秒',
  },
  'websocketOptions.localAddress': {
    doc: ['The IP address to connect from.'],
    standard: ["the system's choice", 'none', '无'],
    en: 'the IP address to connect from',
    zh: '从哪个 IP 地址发起连接',
  },
  'websocketOptions.family': {
    doc: ['4 or 6 for that version of IP alone, 0 for both.'],
    en: '4 or 6 for that version of IP alone',
    zh: '4 或 6 表示只用该版本的 IP',
  },
  'websocketOptions.autoSelectFamily': {
    doc: ["Whether a host's addresses are raced: the next is tried beside one that does not answer."],
    en: "races a host's addresses",
    zh: '让主机的多个地址竞速',
    zhOff: '只试第一个',
  },
  'websocketOptions.autoSelectFamilyAttemptTimeout': {
    doc: ['How long an address is tried before the next is tried beside it.'],
    en: 'ms before the next address is tried beside one that does not answer',
    zh: '某个地址多久没有应答就同时试下一个，毫秒',
  },
  'websocketOptions.socketPath': {
    doc: [
      "The path of a Unix domain socket that leads to the URL's host, in the place of its address.",
      'A URL `ws+unix:/path/of/socket:/path` says the same.',
    ],
    standard: ['none', 'none', '无'],
    en: "the path of a Unix domain socket that leads to the URL's host",
    zh: '通往该 URL 主机的 Unix 套接字路径',
  },
  'websocketOptions.keepAlive': {
    doc: ['Whether the system probes a connection where nothing moves.'],
    en: 'whether the system probes a connection where nothing moves',
    zh: '系统是否探测没有数据往来的连接',
  },
  'websocketOptions.keepAliveInitialDelay': {
    doc: ['How long nothing moves before the first probe of `keepAlive`; 0: for as long as the system says.'],
    en: 'ms without data before the first probe; 0: as the system says',
    zh: '没有数据多久后开始探测，毫秒；0 表示由系统决定',
  },
  'websocketOptions.lookup': {
    type: 'LookupFunction',
    doc: [
      'Looks host names up in the place of the system, called as Node calls it: for each attempt, with `all`.',
      "Node's own `dns.lookup` leaves it to the engine.",
    ],
    standard: ["the system's resolver", 'the system', '系统'],
    en: 'a function that looks names up, as that of Node',
    zh: '解析主机名的函数，与 Node 的相同',
  },
  'websocketOptions.servername': {
    doc: ["The host name for SNI and the certificate's check."],
    standard: ["the URL's host", 'the host', '主机名'],
    en: "the name for SNI and for the certificate's check",
    zh: '用于 SNI 和证书检查的名字',
  },
  'websocketOptions.rejectUnauthorized': {
    doc: [
      '`false` takes any certificate.',
      'The default is `false` where the variable NODE_TLS_REJECT_UNAUTHORIZED is 0, as in Node.',
    ],
    en: '`false` takes any certificate',
    zh: '`false` 表示接受任何证书',
  },
  'websocketOptions.ca': {
    doc: [
      'The certificates to trust, instead of those that Node trusts: authorities, for all that they have signed, and others for themselves alone.',
    ],
    standard: ['those that Node trusts', 'those of Node', 'Node 所信任的'],
    en: 'the certificates to trust, PEM or DER',
    zh: '要信任的证书，PEM 或 DER',
  },
  'websocketOptions.cert': {
    doc: ["The client's certificate chain, PEM."],
    standard: ['none', 'none', '无'],
    en: "the client's certificate chain, PEM",
    zh: '客户端的证书链，PEM',
  },
  'websocketOptions.key': {
    doc: [
      "The client's private key, PEM; as `[{ pem, passphrase }]` with a passphrase of its own.",
      'Several are for connections that Node makes.',
    ],
    type: 'TlsBlobs | readonly { pem: string | Uint8Array; passphrase?: Optional<string> }[]',
    standard: ['none', 'none', '无'],
    en: "the client's private key, PEM",
    zh: '客户端的私钥，PEM',
  },
  'websocketOptions.pfx': {
    doc: [
      "The client's certificate and key as one PKCS#12 archive; as `[{ buf, passphrase }]` with a passphrase of its own.",
      'Several are for connections that Node makes.',
    ],
    type: 'TlsBlobs | readonly { buf: string | Uint8Array; passphrase?: Optional<string> }[]',
    standard: ['none', 'none', '无'],
    en: "the client's certificate and key as one PKCS#12 archive",
    zh: '客户端的证书和私钥，一个 PKCS#12 文件',
  },
  'websocketOptions.passphrase': {
    doc: ['The password of `key` or `pfx`.'],
    standard: ['none', 'none', '无'],
    en: 'the password of `key` or `pfx`',
    zh: '`key` 或 `pfx` 的密码',
  },
  'websocketOptions.minVersion': {
    doc: ['The oldest version of TLS that is spoken.', 'Below 1.2 Node makes the connections.'],
    standard: ["'TLSv1.2'", "`'TLSv1.2'`", "`'TLSv1.2'`"],
    en: 'the oldest version of TLS; below 1.2 Node makes the connections',
    zh: '最低的 TLS 版本；低于 1.2 时由 Node 建立连接',
  },
  'websocketOptions.maxVersion': {
    doc: ['The newest version of TLS that is spoken.', 'Below 1.2 Node makes the connections.'],
    standard: ["'TLSv1.3'", "`'TLSv1.3'`", "`'TLSv1.3'`"],
    en: 'the newest version of TLS',
    zh: '最高的 TLS 版本',
  },
  'websocketOptions.pins': {
    type: 'string | readonly string[]',
    doc: [
      "Public keys, as `'sha256/…'`: a certificate of the verified chain must have one of them, else the attempt fails with `WSR_ERR_TLS_PIN`.",
      "With `rejectUnauthorized: false` the server's own certificate must.",
    ],
    standard: ['any key', 'none', '无'],
    en: "public keys of which the server's chain must have one, `'sha256/…'` ([docs/tls.md](docs/tls.md#pins))",
    zh: "服务器证书链必须包含其中之一的公钥，`'sha256/…'`（[docs/tls.md](docs/tls.md#pins)）",
  },
  'websocketOptions.trust': {
    doc: [
      "Whose certificates are trusted where there is no `ca`: those that Node trusts, or with `'system'` those of the operating system.",
      'NODE_EXTRA_CA_CERTS is trusted with both.',
    ],
    en: "what is trusted without `ca`: what Node trusts, or `'system'`: what the operating system does",
    zh: "没有 `ca` 时信任什么：Node 所信任的，或 `'system'`：操作系统所信任的",
  },
  'websocketOptions.http2': {
    doc: [
      'Whether all clients of one `wss:` server share one HTTP/2 connection, each as a stream of it (RFC 8441).',
      'A server that takes no WebSockets that way is connected by HTTP/1.1: docs/http2.md.',
    ],
    en: '`true`: all clients of one `wss:` server share one HTTP/2 connection, where it can: [docs/http2.md](docs/http2.md)',
    zh: '`true` 表示同一 `wss:` 服务器的所有客户端在可行时共用一条 HTTP/2 连接，见 [docs/http2.md](docs/http2.md)（英文）',
  },
  'websocketOptions.transport': {
    type: "'auto' | 'node'",
    doc: [
      "Who makes the connections: by `'node'` Node does, by `agent`, `createConnection` or its own `net` and `tls`, and the engine speaks over them; by `'auto'` the engine makes them, but where another option needs Node.",
    ],
    en: "`'node'`: Node makes the connections; `'auto'`: the engine makes them, unless another option needs Node",
    zh: "`'node'` 由 Node 建立连接；`'auto'` 只在其他选项需要时才这样做",
  },
  'websocketOptions.tls': {
    type: "'auto' | 'native'",
    doc: [
      "By `'auto'` Node makes the connections to a server whose TLS is too old or too rare for the engine, from the attempt after the first on; `'native'` never does.",
    ],
    en: "`'auto'`: Node makes the connections to a server whose TLS the engine refuses, from the second attempt on; `'native'`: it does not",
    zh: "`'auto'` 把引擎拒绝其 TLS 的服务器交给 Node；`'native'` 从不这样做",
  },
  'websocketOptions.agent': {
    type: 'AgentLike | false',
    doc: ['By it Node makes the connections, as for `http.request`: through a proxy, for instance.'],
    standard: ['none', 'none', '无'],
    en: 'an agent of Node, which makes the connections',
    zh: '建立连接的 Node agent',
  },
  'websocketOptions.createConnection': {
    type: '(options: NodeConnectionOptions, callback: (error: Error | null, socket?: Duplex) => void) => Duplex | null | undefined',
    doc: ['Returns the connection, or calls back with it; called as for `http.request`.'],
    standard: ['none', 'none', '无'],
    en: 'a function that makes the connection, as that of `http.request`',
    zh: '建立连接的函数，与 `http.request` 的相同',
  },
  'websocketOptions.checkServerIdentity': {
    type: '(host: string, certificate: PeerCertificate) => Error | undefined',
    doc: ["Checks the server's certificate in the place of Node's own check; what it returns is the error."],
    standard: ['the usual check', 'the usual check', '通常的检查'],
    en: "a function that checks the certificate's name in place of the usual check",
    zh: '检查服务器证书的函数',
  },
  'websocketOptions.ALPNProtocols': ofNode(
    'string[] | Uint8Array[] | Uint8Array',
    'The protocols to offer by ALPN.',
  ),
  'websocketOptions.ciphers': ofNode('string', 'The ciphers to offer, as OpenSSL names them.'),
  'websocketOptions.crl': ofNode(
    'string | Uint8Array | (string | Uint8Array)[]',
    'Lists of revoked certificates, PEM.',
  ),
  'websocketOptions.ecdhCurve': ofNode('string', 'The curves to offer, as OpenSSL names them.'),
  'websocketOptions.hints': ofNode('number', 'The flags of `dns.lookup`.'),
  'websocketOptions.localPort': ofNode('number', 'The port to connect from.'),
  'websocketOptions.secureContext': ofNode('SecureContext', 'What `tls.createSecureContext` returns.'),
  'websocketOptions.secureOptions': ofNode('number', 'The options of OpenSSL, of `crypto.constants`.'),
  'websocketOptions.secureProtocol': ofNode('string', 'The method of TLS, as OpenSSL names it.'),
  'websocketOptions.session': ofNode('Uint8Array', 'The session of TLS to resume.'),
  'websocketOptions.sigalgs': ofNode('string', 'The algorithms of signatures, as OpenSSL names them.'),
  'websocketOptions.protocolVersion': { doc: ['Taken for the sake of `ws`: 13 is the only version.'] },
  'websocketOptions.allowSynchronousEvents': { doc: ['Taken for the sake of `ws`: events are synchronous.'] },
  'websocketOptions.autoPong': { doc: ['Taken for the sake of `ws`: pings are always answered.'] },
  'websocketOptions.skipUTF8Validation': { doc: ['Taken for the sake of `ws`: UTF-8 is always checked.'] },

  'websocketOptions.perMessageDeflate.serverNoContextTakeover': {
    doc: ['Asks the server to compress each message by itself.'],
  },
  'websocketOptions.perMessageDeflate.clientNoContextTakeover': {
    doc: ['Offers to compress each of our messages by itself.'],
    standard: ['left to the server', '', ''],
  },
  'websocketOptions.perMessageDeflate.serverMaxWindowBits': {
    doc: ['The largest window of the server as a power of two.'],
    standard: ['15', '', ''],
  },
  'websocketOptions.perMessageDeflate.clientMaxWindowBits': {
    doc: ['Our own window as a power of two.', '`true` leaves it to the server, `false` is silent.'],
    standard: ['true', '', ''],
  },
  'websocketOptions.perMessageDeflate.threshold': {
    doc: ['Smaller messages go out uncompressed.'],
  },
  'websocketOptions.perMessageDeflate.zlibDeflateOptions': {
    doc: ['How hard to compress.', "No other of zlib's options is taken."],
    type: 'ZlibDeflateOptions',
    standard: ["zlib's", '', ''],
  },
  'websocketOptions.perMessageDeflate.zlibInflateOptions': { type: 'ZlibInflateOptions' },
  'websocketOptions.perMessageDeflate.zlibDeflateOptions.level': {
    doc: ['How much time is spent on compressing; -1 leaves it to zlib.'],
    standard: ['-1', '', ''],
  },
  'websocketOptions.perMessageDeflate.zlibDeflateOptions.memLevel': {
    doc: ['How much memory is spent on compressing.'],
    standard: ['8', '', ''],
  },
};
