'use strict';

// The names of what the classes keep to themselves. They are symbols, so that a user's subclass may have any
// method and any property that is not documented.

/** @type {unique symbol} */
const abandon = Symbol('abandon');
/** @type {unique symbol} */
const abort = Symbol('abort');
/** @type {unique symbol} */
const allRead = Symbol('allRead');
/** @type {unique symbol} */
const askForRetry = Symbol('askForRetry');
/** @type {unique symbol} */
const askForRoute = Symbol('askForRoute');
/** @type {unique symbol} */
const assign = Symbol('assign');
/** @type {unique symbol} */
const attemptLimit = Symbol('attemptLimit');
/** @type {unique symbol} */
const call = Symbol('call');
/** @type {unique symbol} */
const circuitCall = Symbol('circuitCall');
/** @type {unique symbol} */
const configure = Symbol('configure');
/** @type {unique symbol} */
const confirm = Symbol('confirm');
/** @type {unique symbol} */
const decide = Symbol('decide');
/** @type {unique symbol} */
const deliver = Symbol('deliver');
/** @type {unique symbol} */
const deliverBehind = Symbol('deliverBehind');
/** @type {unique symbol} */
const deliverBinaries = Symbol('deliverBinaries');
/** @type {unique symbol} */
const deliverControl = Symbol('deliverControl');
/** @type {unique symbol} */
const deliverInContext = Symbol('deliverInContext');
/** @type {unique symbol} */
const deliverNow = Symbol('deliverNow');
/** @type {unique symbol} */
const deliverOutcome = Symbol('deliverOutcome');
/** @type {unique symbol} */
const deliverOutcomes = Symbol('deliverOutcomes');
/** @type {unique symbol} */
const deliverQueued = Symbol('deliverQueued');
/** @type {unique symbol} */
const deliverShare = Symbol('deliverShare');
/** @type {unique symbol} */
const deliverTexts = Symbol('deliverTexts');
/** @type {unique symbol} */
const emitMessage = Symbol('emitMessage');
/** @type {unique symbol} */
const emitNow = Symbol('emitNow');
/** @type {unique symbol} */
const end = Symbol('end');
/** @type {unique symbol} */
const endAttempt = Symbol('endAttempt');
/** @type {unique symbol} */
const expect = Symbol('expect');
/** @type {unique symbol} */
const failRoute = Symbol('failRoute');
/** @type {unique symbol} */
const finish = Symbol('finish');
/** @type {unique symbol} */
const gaveUp = Symbol('gaveUp');
/** @type {unique symbol} */
const inContext = Symbol('inContext');
/** @type {unique symbol} */
const inner = Symbol('inner');
/** @type {unique symbol} */
const inTurn = Symbol('inTurn');
/** @type {unique symbol} */
const keepContext = Symbol('keepContext');
/** @type {unique symbol} */
const listen = Symbol('listen');
/** @type {unique symbol} */
const listening = Symbol('listening');
/** @type {unique symbol} */
const live = Symbol('live');
/** @type {unique symbol} */
const open = Symbol('open');
/** @type {unique symbol} */
const overtake = Symbol('overtake');
/** @type {unique symbol} */
const promiseInTurn = Symbol('promiseInTurn');
/** @type {unique symbol} */
const queued = Symbol('queued');
/** @type {unique symbol} */
const readReconnectOptions = Symbol('readReconnectOptions');
/** @type {unique symbol} */
const readRoute = Symbol('readRoute');
/** @type {unique symbol} */
const readRouteOptions = Symbol('readRouteOptions');
/** @type {unique symbol} */
const receipt = Symbol('receipt');
/** @type {unique symbol} */
const renewContext = Symbol('renewContext');
/** @type {unique symbol} */
const reroute = Symbol('reroute');
/** @type {unique symbol} */
const rerouteForNext = Symbol('rerouteForNext');
/** @type {unique symbol} */
const roundTrips = Symbol('roundTrips');
/** @type {unique symbol} */
const routeFunctions = Symbol('routeFunctions');
/** @type {unique symbol} */
const sayRoute = Symbol('sayRoute');
/** @type {unique symbol} */
const sendWith = Symbol('sendWith');
/** @type {unique symbol} */
const sent = Symbol('sent');
/** @type {unique symbol} */
const setCircuitState = Symbol('setCircuitState');
/** @type {unique symbol} */
const setRoute = Symbol('setRoute');
/** @type {unique symbol} */
const settle = Symbol('settle');
/** @type {unique symbol} */
const share = Symbol('share');
/** @type {unique symbol} */
const sift = Symbol('sift');
/** @type {unique symbol} */
const start = Symbol('start');
/** @type {unique symbol} */
const takeAgreed = Symbol('takeAgreed');
/** @type {unique symbol} */
const takesUnsent = Symbol('takesUnsent');
/** @type {unique symbol} */
const tell = Symbol('tell');
/** @type {unique symbol} */
const tellDropped = Symbol('tellDropped');
/** @type {unique symbol} */
const track = Symbol('track');
/** @type {unique symbol} */
const turn = Symbol('turn');
/** @type {unique symbol} */
const undecided = Symbol('undecided');
/** @type {unique symbol} */
const warnUnheard = Symbol('warnUnheard');
/** @type {unique symbol} */
const watchEventLoop = Symbol('watchEventLoop');
/** @type {unique symbol} */
const write = Symbol('write');

module.exports = {
  abandon,
  abort,
  allRead,
  askForRetry,
  askForRoute,
  assign,
  attemptLimit,
  call,
  circuitCall,
  configure,
  confirm,
  decide,
  deliver,
  deliverBehind,
  deliverBinaries,
  deliverControl,
  deliverInContext,
  deliverNow,
  deliverOutcome,
  deliverOutcomes,
  deliverQueued,
  deliverShare,
  deliverTexts,
  emitMessage,
  emitNow,
  end,
  endAttempt,
  expect,
  failRoute,
  finish,
  gaveUp,
  inContext,
  inner,
  inTurn,
  keepContext,
  listen,
  listening,
  live,
  open,
  overtake,
  promiseInTurn,
  queued,
  readReconnectOptions,
  readRoute,
  readRouteOptions,
  receipt,
  renewContext,
  reroute,
  rerouteForNext,
  roundTrips,
  routeFunctions,
  sayRoute,
  sendWith,
  sent,
  setCircuitState,
  setRoute,
  settle,
  share,
  sift,
  start,
  takeAgreed,
  takesUnsent,
  tell,
  tellDropped,
  track,
  turn,
  undecided,
  warnUnheard,
  watchEventLoop,
  write,
};
