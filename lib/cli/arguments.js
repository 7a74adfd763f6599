'use strict';

const { readFileSync } = require('fs');
const { parseArgs } = require('util');
const { MEANINGS } = require('./exit-codes.js');
const { payload } = require('./payload.js');
const { sentIn } = require('./records.js');

/** What is wrong with how the command was called. */
class UsageError extends Error {}

const COMMANDS = [
  ['wsr [options] URL', 'sends the lines of standard input, prints the messages'],
  ['wsr simulate [options]', 'what a herd of clients does that is cut off at once'],
  ['wsr demo [URL]', 'shows what the package does, in some seconds'],
];

/**
 * Every option of the command, in the order of `--help`. One that takes a value has a word for it.
 * @type {{ name: string, short?: string, value?: string, many?: boolean, says: string }[]}
 */
const OPTIONS = [
  { name: 'header', short: 'H', value: 'NAME: VALUE', many: true, says: 'a header of the upgrade' },
  { name: 'subprotocol', short: 's', value: 'NAME', many: true, says: 'a subprotocol to offer' },
  { name: 'origin', value: 'ORIGIN', says: 'the Origin header' },
  { name: 'insecure', short: 'k', says: 'take any certificate' },
  { name: 'ca', value: 'FILE', says: 'the certificates to trust, PEM or DER' },
  { name: 'cert', value: 'FILE', says: "the client's certificate, PEM" },
  { name: 'key', value: 'FILE', says: "the client's private key, PEM" },
  {
    name: 'proxy',
    value: 'URL',
    says: 'connect by this proxy: http, https, socks5, socks5h, socks4 or socks4a',
  },
  { name: 'binary', says: 'send lines as binary messages' },
  { name: 'hex', says: 'read lines as hex, and print binary messages so' },
  { name: 'on-open', short: 'x', value: 'LINE', many: true, says: 'send this first, after each connect' },
  {
    name: 'wait',
    short: 'w',
    value: 'SECONDS',
    says: 'stay so long after the end of input (1, on a terminal 0); -1 or inf: for ever',
  },
  { name: 'json', says: 'print each event as a line of JSON' },
  { name: 'replay', value: 'FILE', says: 'send what was sent in a record of --json, in its times' },
  { name: 'pretty', says: 'indent messages that are JSON' },
  { name: 'ping', value: 'SECONDS', says: 'the time between pings (30); 0: none' },
  { name: 'stats', says: 'tell at the end what went to and fro' },
  { name: 'max-retries', value: 'N', says: 'retries in a row before it gives up (10), or inf' },
  { name: 'timeout', value: 'SECONDS', says: 'how long one attempt to connect may take (10); 0: no limit' },
  { name: 'help', short: 'h', says: 'print this' },
  { name: 'version', short: 'V', says: 'print the version' },
];

const UNITS = { ms: 1, s: 1000, m: 60000 };

/** The ms that a duration says: seconds, or with a unit `500ms`, `5s`, `2m`. */
function duration(text, name) {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) || [];
  if (amount === undefined) throw new UsageError(`--${name}: '${text}' is no time, such as 5, 0.5 or 500ms`);
  return Number(amount) * UNITS[unit];
}

const waiting = (text) => (text === '-1' || text === 'inf' ? Infinity : duration(text, 'wait'));

function count(text, name) {
  if (text === 'inf') return Infinity;
  if (!/^\d+$/.test(text)) throw new UsageError(`--${name}: '${text}' is neither a whole number nor inf`);
  return Number(text);
}

function header(text) {
  const colon = text.indexOf(':');
  if (colon < 1) throw new UsageError(`--header: it has to be 'NAME: VALUE'`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

/** What a file says whose name an option has, if it has one. */
function content(values, name) {
  if (values[name] === undefined) return undefined;
  try {
    return readFileSync(values[name]);
  } catch (error) {
    throw new UsageError(`--${name}: ${error.message}`);
  }
}

/** A negative number after an option is its value: `-w -1`. */
function joined(args) {
  const valued = OPTIONS.filter(({ value }) => value).flatMap(({ name, short }) => [
    `--${name}`,
    ...(short ? [`-${short}`] : []),
  ]);
  const isValue = (i) => valued.includes(args[i - 1]) && /^-\d/.test(args[i]);
  return args.flatMap((arg, i) => {
    if (isValue(i)) return [];
    if (!isValue(i + 1)) return [arg];
    return [`${arg}${arg.startsWith('--') ? '=' : ''}${args[i + 1]}`];
  });
}

function parsed(args) {
  const options = Object.fromEntries(
    OPTIONS.map(({ name, short, value, many = false }) => [
      name,
      {
        type: /** @type {'string' | 'boolean'} */ (value ? 'string' : 'boolean'),
        multiple: many,
        ...(short && { short }),
      },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: joined(args), options, allowPositionals: true });
    return { values: /** @type {Record<string, any>} */ (values), positionals };
  } catch (error) {
    throw new UsageError(error.message.split('\n')[0]);
  }
}

/** The options of the client. One that is wrong in itself the class refuses. */
function clientOptions(values) {
  const timeout = values.timeout === undefined ? undefined : duration(values.timeout, 'timeout');
  return {
    protocols: values.subprotocol,
    headers: values.header && values.header.map(header),
    proxy: values.proxy,
    maxRetries: values['max-retries'] === undefined ? undefined : count(values['max-retries'], 'max-retries'),
    // What the same attempt would meet again, such as a 404, is told at once.
    reconnectOn: 'transient',
    circuitBreaker: false,
    heartbeatMode: 'ping',
    heartbeatInterval: values.ping === undefined ? undefined : duration(values.ping, 'ping'),
    websocketOptions: {
      origin: values.origin,
      rejectUnauthorized: !values.insecure,
      ca: content(values, 'ca'),
      cert: content(values, 'cert'),
      key: content(values, 'key'),
      handshakeTimeout: timeout,
      // Who has pressed Ctrl-C waits no longer.
      closeTimeout: 2000,
    },
  };
}

function replayed(values) {
  const text = content(values, 'replay');
  try {
    return text && sentIn(text.toString());
  } catch (error) {
    throw new UsageError(`--replay: ${error.message}`);
  }
}

function onOpen(lines, form) {
  return lines.map((line) => {
    const data = payload(line, form);
    if (data === undefined) throw new UsageError(`--on-open: '${line}' is no hex`);
    return data;
  });
}

/** What the arguments ask for. @throws UsageError */
function parse(args) {
  const { values, positionals } = parsed(args);
  const { help, version, json, pretty } = values;
  if (help || version) return { help, version };
  if (positionals.length !== 1) throw new UsageError(`one URL is needed, there are ${positionals.length}`);
  if (json && pretty) throw new UsageError('--json and --pretty exclude each other: a record is a line');
  const form = values.hex ? 'hex' : values.binary ? 'binary' : 'text';
  return {
    client: { url: positionals[0], ...clientOptions(values) },
    form,
    onOpen: onOpen(values['on-open'] || [], form),
    wait: values.wait === undefined ? undefined : waiting(values.wait),
    replay: replayed(values),
    json,
    pretty,
    stats: values.stats,
  };
}

/** Rows with their second column aligned. */
function columns(rows) {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`).join('\n');
}

/** @param {{ name: string, short?: string, value?: string }} option */
const headOf = ({ name, short, value }) =>
  `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`;

function help() {
  return [
    'A WebSocket on the command line that stays connected.',
    `Usage:\n${columns(COMMANDS)}`,
    `Options:\n${columns(OPTIONS.map((option) => [headOf(option), option.says]))}`,
    'Times are in seconds, or have a unit: 500ms, 5s, 2m.',
    `Exit codes:\n${columns(MEANINGS.map(([code, says]) => [String(code), says]))}`,
  ].join('\n\n');
}

module.exports = { OPTIONS, UsageError, help, parse };
