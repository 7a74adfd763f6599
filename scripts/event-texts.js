'use strict';

// The events, by their names, in the order in which the documents tell of them. `npm run docs:options` writes them into
// index.d.ts, README.md, README.zh-CN.md and SKILL.md.

/**
 * @typedef {object} Text
 * @property {string} doc What has happened, for index.d.ts.
 * @property {Record<string, string>} args What a handler is called with: names and types in TypeScript.
 * @property {Record<string, [type: string, doc?: string]>} [fields] What is in the argument, where its type is made for this
 *   event: that is written too.
 * @property {string} [parameter] The type parameter of that type.
 * @property {string} [told] What that type is, where it is more than the argument of this event.
 * @property {string} [whatwg] The type of the event that WHATWG has of this name: its listeners get this, and there is an
 *   `on…` for it. Listeners of others get the argument.
 * @property {boolean} [inherited] `EventEmitter` emits it: no table has it, and no WHATWG listener gets it.
 * @property {string} [row] The event in whose row of the tables it is told.
 * @property {string} [en] The cell in README.md; for `{fields}` stand the names of the fields.
 * @property {string} [zh] The same in README.zh-CN.md.
 * @property {string} [skill] The same in SKILL.md, where it is another than in README.md.
 */

/** @type {Record<string, Text>} */
module.exports = {
  open: {
    doc: 'The connection is open.',
    args: { info: 'OpenInfo' },
    told: 'The argument of `open` and of `reconnected`.',
    fields: {
      isReconnect: [
        'boolean',
        'Whether there was a connection before, which was lost and not closed by {@link WebSocketReconnect.close}.',
      ],
      attempt: ['number', 'The retry that has led here, as in `retry`; 0 for the first attempt.'],
      url: ['string', 'Where the connection leads, as it was given.'],
      statusCode: ['number', 'The status of the answer to the upgrade: 101, or 200 by HTTP/2.'],
      headers: ['ResponseHeaders', "That answer's headers."],
      downtime: ['number', 'Milliseconds without a connection; 0 where there was none before.'],
    },
    whatwg: 'OpenEvent',
    en: '{fields}',
    zh: '{fields}',
  },
  reconnected: {
    doc: 'The client has come back; right after `open`.',
    args: { info: 'OpenInfo' },
    en: 'the same, where the client has come back',
    zh: '同上，在客户端恢复连接之后触发',
  },
  message: {
    doc: 'A message arrived.',
    args: { event: 'MessageEvent' },
    parameter: 'T extends BinaryType = BinaryType',
    fields: {
      type: ["'message'"],
      data: [
        'MessageData<T>',
        'A string for text; for binary a `Buffer`, or an `ArrayBuffer` where `binaryType` says so.',
      ],
      target: ['WebSocketReconnect'],
    },
    whatwg: 'MessageEvent',
    en: '{fields}; `data` is a string for text, a Buffer for binary',
    zh: '{fields}；文本的 `data` 是字符串，二进制的是 Buffer',
    skill: '{fields}',
  },
  close: {
    doc: 'A connection ended, or the client gave up.',
    args: { info: 'CloseInfo' },
    whatwg: 'CloseEvent',
    en: "`{ code, reason, wasClean }`; at giving up `code` is `'MAX_RETRIES'`",
    zh: "`{ code, reason, wasClean }`；放弃重试时 `code` 为 `'MAX_RETRIES'`",
    skill: "`{ code, reason, wasClean }`; `code` is `'MAX_RETRIES'` when the client gives up",
  },
  error: {
    doc: 'Something failed; a retry follows where there is one left. Without a handler, nothing is thrown.',
    args: { error: 'WebSocketReconnectError' },
    whatwg: 'ErrorEvent',
    en: 'an `Error` with a `code`, and `statusCode`, `headers` and `body` where the server refused the upgrade',
    zh: '带 `code` 的 `Error`；服务器拒绝升级时还有 `statusCode`、`headers` 和 `body`',
    skill: '`Error` with `code`; `statusCode`, `headers` and `body` for a refused upgrade',
  },
  retry: {
    doc: 'A retry is about to be waited for.',
    args: { info: 'RetryInfo' },
    told: 'The argument of `retry`, before the wait begins.',
    fields: {
      attempt: ['number', 'Which retry this is, from 1.'],
      delay: ['number', 'Milliseconds until it starts; 0 for a probe of the circuit breaker.'],
      maxRetries: ['number'],
    },
    en: '{fields}, before the wait begins',
    zh: '{fields}，在等待开始之前触发',
    skill: '{fields}, before the wait',
  },
  giveup: {
    doc: 'The client gave up; after the last `close`.',
    args: { info: 'GiveUpInfo' },
    fields: {
      reason: ['GiveUpReason'],
      message: ['string', 'The reason in words.'],
      retryCount: ['number', 'Retries since the last `open`.'],
      'error?': [
        'WebSocketReconnectError',
        'Why the last attempt failed; none where a connection had been open since.',
      ],
    },
    en: '{fields}, after the last `close`',
    zh: '{fields}，在最后一次 `close` 之后触发',
  },
  stateChange: {
    doc: '`state` has changed.',
    args: { state: 'ConnectionState' },
    en: "`'CLOSED'`, `'CONNECTING'`, `'OPEN'`, `'CLOSING'`, `'BLOCKED'` or `'FAILED'`",
    zh: "`'CLOSED'`、`'CONNECTING'`、`'OPEN'`、`'CLOSING'`、`'BLOCKED'` 或 `'FAILED'`",
  },
  circuitChange: {
    doc: '`circuitState` has changed.',
    args: { state: 'CircuitState' },
    en: "`'CLOSED'`, `'OPEN'` or `'HALF-OPEN'`",
    zh: "`'CLOSED'`、`'OPEN'` 或 `'HALF-OPEN'`",
  },
  drop: {
    doc: 'A message that was accepted has been thrown away.',
    args: { info: 'DropInfo' },
    told: 'The argument of `drop`: a message that `send()` had accepted and that the client has thrown away.',
    fields: {
      data: ['MessageData', 'A string for text; for binary a `Buffer`, or what `binaryType` asks for.'],
      reason: [
        "'overflow' | 'expired' | 'closed'",
        "`'overflow'`: the queue was full. `'expired'`: its `ttl` was over. `'closed'`: the client was closed, or gave up.",
      ],
    },
    en: "{fields}: an accepted message was thrown away, since `'overflow'`, `'expired'` or `'closed'`",
    zh: "{fields}：已接受的消息被丢弃，原因为 `'overflow'`、`'expired'` 或 `'closed'`",
    skill: '{fields}: an accepted message was thrown away',
  },
  drain: {
    doc: 'What is buffered has fallen to `highWaterMark`, after a `send()` that returned `false`.',
    args: {},
    en: 'none: what is buffered has fallen to `highWaterMark`',
    zh: '无：缓冲已降到 `highWaterMark`',
    skill: 'none: `send()` returns `true` again',
  },
  ping: {
    doc: 'The peer sent a ping, which the engine has answered.',
    args: { payload: 'Buffer' },
    en: 'the payload of the frame, a Buffer',
    zh: '该帧的数据，一个 Buffer',
    skill: 'the payload, a Buffer',
  },
  pong: {
    doc: 'The peer sent a pong, asked for or not.',
    args: { payload: 'Buffer' },
    row: 'ping',
  },
  blocked: {
    doc: 'The event loop runs again after `maxEventLoopBlock`; a retry follows.',
    args: { info: 'BlockedInfo' },
    fields: { duration: ['number', 'How long the event loop did not run, in milliseconds.'] },
    en: '{fields}: the event loop runs again after more than `maxEventLoopBlock`',
    zh: '{fields}：事件循环阻塞超过 `maxEventLoopBlock` 之后重新运行',
    skill: '{fields}: the event loop runs again after `maxEventLoopBlock`',
  },
  wake: {
    doc: 'The machine has slept, and an open peer is being asked.',
    args: { info: 'WakeInfo' },
    fields: { slept: ['number', 'How long the machine slept, in milliseconds.'] },
    en: '{fields}; none: the machine slept, or there is a new default route (Linux)',
    zh: '{fields}；无：机器曾经休眠，或有了新的默认路由（Linux）',
    skill: '{fields}; none: the machine slept, or has a new default route',
  },
  network: {
    doc: 'There is a new default route, and an open peer is being asked. On Linux alone.',
    args: {},
    row: 'wake',
  },
  newListener: {
    doc: "`EventEmitter`'s own.",
    args: { event: 'string | symbol', listener: '(...args: any[]) => void' },
    inherited: true,
  },
  removeListener: {
    doc: "`EventEmitter`'s own.",
    args: { event: 'string | symbol', listener: '(...args: any[]) => void' },
    inherited: true,
  },
  '[EventEmitter.errorMonitor]': {
    doc: 'What `error` tells, before its handlers are told: for those who watch and do not handle.',
    args: { error: 'WebSocketReconnectError' },
    inherited: true,
  },
};
