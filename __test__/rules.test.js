'use strict';

const assert = require('assert');
const { check } = require('./rules.js');

const call = (name) => ({ call: name });
const state = (argument) => ({ event: 'stateChange', argument });
const circuit = (argument) => ({ event: 'circuitChange', argument });
const open = { event: 'open' };
const close = (code = 1006) => ({ event: 'close', argument: { code } });
const retry = (attempt, maxRetries = 3) => ({ event: 'retry', argument: { attempt, delay: 50, maxRetries } });
const error = { event: 'error', argument: new Error('refused') };
const message = (data) => ({ event: 'message', argument: { data } });

const connecting = [call('connect'), state('CONNECTING')];
const opened = [...connecting, state('OPEN'), open];
const refused = [error, state('CLOSED'), close()];
const over = { maxRetries: 3, over: true };

describe('the rule checker', () => {
  const lives = {
    'an open, messages and a close': [
      ...opened,
      message('0:0'),
      message('0:1'),
      call('close'),
      state('CLOSING'),
      message('0:2'),
      state('CLOSED'),
      close(1000),
    ],
    'retries up to the end': [
      ...connecting,
      ...refused,
      ...[1, 2, 3].flatMap((attempt) => [retry(attempt), state('CONNECTING'), ...refused]),
      state('FAILED'),
      close('MAX_RETRIES'),
    ],
    'a circuit that opens and a probe': [
      ...connecting,
      error,
      circuit('OPEN'),
      state('CLOSED'),
      close(),
      state('BLOCKED'),
      circuit('HALF-OPEN'),
      retry(1),
      state('CONNECTING'),
      state('OPEN'),
      circuit('CLOSED'),
      open,
    ],
    'a close while waiting, and a new start': [
      ...connecting,
      ...refused,
      retry(1),
      call('close'),
      state('CLOSING'),
      state('CLOSED'),
      close(1000),
      call('reset'),
      ...opened,
    ],
    'a connect() that the circuit refuses, until it lets go': [
      call('openCircuit'),
      circuit('OPEN'),
      call('connect'),
      state('BLOCKED'),
      call('connect'),
      state('BLOCKED'),
      circuit('HALF-OPEN'),
      state('CLOSED'),
      ...opened,
    ],
    'a refusal that reset() has made void, of which the end is told': [
      ...connecting,
      call('reconnect'),
      call('reset'),
      ...refused,
      state('FAILED'),
      close('MAX_RETRIES'),
      call('openCircuit'),
      circuit('OPEN'),
      state('CLOSED'),
    ],
    'a refusal that close() has made void, of which the end is told': [
      ...connecting,
      call('reconnect'),
      ...refused,
      state('FAILED'),
      close('MAX_RETRIES'),
      call('close'),
      call('close'),
      state('CLOSED'),
    ],
    'a refusal behind a giving up, and a new series of retries': [
      ...connecting,
      ...refused,
      retry(1),
      state('CONNECTING'),
      call('connect'),
      error,
      circuit('OPEN'),
      state('CLOSED'),
      close(),
      state('FAILED'),
      close('MAX_RETRIES'),
      state('BLOCKED'),
      call('connect'),
      circuit('HALF-OPEN'),
      state('CONNECTING'),
      error,
      state('CLOSED'),
      close(),
      retry(1),
    ],
    'a close() of what never connected': [call('close'), state('CLOSED')],
    'an openCircuit() that overtakes an attempt': [
      ...connecting,
      ...refused,
      retry(1),
      call('openCircuit'),
      circuit('OPEN'),
      state('CONNECTING'),
    ],
    'a close() between OPEN and open': [
      ...connecting,
      state('OPEN'),
      call('close'),
      state('CLOSING'),
      state('CLOSED'),
      close(1000),
    ],
  };
  for (const [what, life] of Object.entries(lives)) {
    it(`finds nothing wrong with ${what}`, () => assert.deepStrictEqual(check(life, { maxRetries: 3 }), []));
  }

  const violations = {
    'a lost close': [[...connecting, error, state('CLOSED'), retry(1)], /retry before the close/],
    'a lost close at the end': [[...connecting, error, state('CLOSED')], /close never came/],
    'a doubled close': [[...connecting, ...refused, close()], /without CLOSED/],
    'a second close after close()': [
      [...opened, call('close'), state('CLOSING'), state('CLOSED'), close(1000), close(1000)],
      /a second close/,
    ],
    'a lost open': [[...connecting, state('OPEN'), state('CLOSED')], /where open is due/],
    'a doubled open': [[...opened, state('OPEN')], /OPEN is followed by OPEN/],
    'an open of nothing': [[...connecting, open], /open in the state CONNECTING/],
    'a lost CONNECTING': [[...connecting, ...refused, retry(1), state('OPEN')], /CLOSED is followed by OPEN/],
    'a CONNECTING that nobody asked for': [
      [...connecting, ...refused, state('CONNECTING')],
      /without connect/,
    ],
    'a retry after close()': [
      [...connecting, ...refused, call('close'), state('CLOSING'), state('CLOSED'), close(1000), retry(1)],
      /retry comes after close/,
    ],
    'an open after close()': [[...connecting, state('OPEN'), call('close'), open], /open comes after close/],
    'a CONNECTING after close()': [
      [
        ...connecting,
        ...refused,
        retry(1),
        call('close'),
        state('CLOSING'),
        state('CLOSED'),
        close(),
        state('CONNECTING'),
      ],
      /CONNECTING comes after close/,
    ],
    'a retry past maxRetries': [[...connecting, ...refused, retry(4)], /attempt 4 of 3/],
    'a retry left out': [[...connecting, ...refused, retry(2)], /attempt 2 after 0/],
    'a retry announced twice': [[...connecting, ...refused, retry(1), retry(2)], /two retries/],
    'a retry that does not count anew after an open': [
      [
        ...connecting,
        ...refused,
        retry(1),
        state('CONNECTING'),
        state('OPEN'),
        open,
        state('CLOSED'),
        close(),
        retry(2),
      ],
      /attempt 2 after 0/,
    ],
    'a connection while the circuit is OPEN': [
      [
        ...connecting,
        error,
        circuit('OPEN'),
        state('CLOSED'),
        close(),
        state('BLOCKED'),
        retry(1),
        state('CONNECTING'),
      ],
      /while the circuit is OPEN/,
    ],
    'a BLOCKED that nobody asked for': [
      [call('openCircuit'), circuit('OPEN'), state('BLOCKED'), circuit('HALF-OPEN'), state('CLOSED')],
      /BLOCKED is followed by CLOSED/,
    ],
    'a CLOSED that changes nothing': [
      [...opened, state('CLOSED'), close(), state('CLOSED')],
      /CLOSED is followed by CLOSED/,
    ],
    'a CLOSED of a client that gave up': [
      [...connecting, ...refused, state('FAILED'), close('MAX_RETRIES'), state('CLOSED')],
      /FAILED is followed by CLOSED/,
    ],
    'a BLOCKED with a closed circuit': [
      [...connecting, ...refused, state('BLOCKED')],
      /BLOCKED with a circuit/,
    ],
    'a circuit that skips OPEN': [[circuit('HALF-OPEN')], /from CLOSED to HALF-OPEN/],
    'a CLOSING of nobody': [[...opened, state('CLOSING')], /CLOSING comes without close/],
    'a giving up without its close': [[...connecting, ...refused, state('FAILED')], /close never came/],
    'a giving up with another close': [
      [...connecting, ...refused, state('FAILED'), close(1006)],
      /close 1006 in the state FAILED/,
    ],
    'a message before the open': [
      [...connecting, state('OPEN'), message('0:0')],
      /a message without an open/,
    ],
    'a message after the close': [
      [...opened, state('CLOSED'), close(), message('0:0')],
      /a message without an open/,
    ],
    'a lost message': [[...opened, message('0:0'), message('0:2')], /instead of number 1/],
    'a doubled message': [[...opened, message('0:0'), message('0:0')], /instead of number 1/],
    'swapped messages': [[...opened, message('0:1'), message('0:0')], /instead of number 0/],
    'an error out of the blue': [
      [...connecting, ...refused, retry(1), error],
      /an error in the state CLOSED/,
    ],
    'a view that runs ahead': [
      [{ ...connecting[0] }, { ...state('CONNECTING'), state: 'OPEN' }],
      /the view is OPEN/,
    ],
    'a view that runs ahead in a function of the user': [
      [...connecting, { look: 'url', state: 'OPEN', circuitState: 'CLOSED' }],
      /the view is OPEN/,
    ],
    'a view of the circuit that runs ahead': [
      [...connecting, { ...error, circuitState: 'OPEN' }],
      /view of the circuit is OPEN/,
    ],
    'an end in CLOSING': [[...opened, call('close'), state('CLOSING')], /ended in CLOSING/],
  };
  for (const [what, [life, text]] of Object.entries(violations)) {
    it(`catches ${what}`, () =>
      assert.ok(
        check(life, over).some((found) => text.test(found)),
        check(life, over).join(),
      ));
  }
});
