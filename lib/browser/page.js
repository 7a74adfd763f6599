'use strict';

// The life of the page, told to the clients that live: in one place, with the reason beside each event. A worker has some of them, and
// a server none.

const { each } = require('../loop.js');

const scope = /** @type {any} */ (globalThis);
const { document } = scope;

const clients = new Set();
let isListening = false;
/** Since when the page has been shown, on the page's clock; undefined while it is hidden. */
let shownSince;
/** The page was left, and is kept to be shown again. */
let isAway = false;

/** Node 14 has no `performance` among its globals. */
const clock = scope.performance ? () => scope.performance.now() : Date.now;
const isHidden = () => document !== undefined && document.visibilityState === 'hidden';
const all = (call) => each([...clients], call);

/** What is told where. The handlers run in the order in which the browser tells the events. */
const EVENTS = [
  // The network is there: what waits need not, and what is open may have been cut.
  ['online', scope, () => all((client) => client.online())],
  // It is said only where it is certain: an open connection is asked at once, and not when the next heartbeat is due.
  ['offline', scope, () => all((client) => client.offline())],
  [
    'visibilitychange',
    document,
    () => {
      shownSince = isHidden() ? undefined : clock();
      // Timers of hidden pages are late, up to a minute: the heartbeat is made up for.
      all((client) => (isHidden() ? client.hidden() : client.shown()));
    },
  ],
  // Nothing runs between these two, and what was awaited gets its whole time again.
  ['freeze', document, () => all((client) => client.hidden())],
  ['resume', document, () => all((client) => client.thawed())],
  [
    'pagehide',
    scope,
    () => {
      isAway = true;
      // A page with an open WebSocket is not kept for back and forward.
      all((client) => client.leaves());
    },
  ],
  [
    'pageshow',
    scope,
    ({ persisted }) => {
      isAway = false;
      // Who was not closed on purpose waits to connect again.
      if (persisted) all((client) => client.shown());
    },
  ],
];

function listen(on) {
  if (on === isListening) return;
  isListening = on;
  shownSince = isHidden() ? undefined : clock();
  for (const [event, target, handler] of EVENTS) {
    if (target === undefined || typeof target.addEventListener !== 'function') continue;
    if (on) target.addEventListener(event, handler);
    else target.removeEventListener(event, handler);
  }
}

/** A client lives. */
function add(client) {
  clients.add(client);
  listen(true);
}

/** It does no more: once none does, the page is not listened to. */
function remove(client) {
  clients.delete(client);
  if (clients.size === 0) listen(false);
}

/** Whether a client makes no attempts for now. */
const isHeld = ({ whenHidden }) => isAway || (whenHidden === 'wait' && isHidden());

/** Whether the page has been shown for so long, in ms: its timers were in time then, unless nothing ran. */
const wasShownFor = (time) =>
  document !== undefined && shownSince !== undefined && clock() - shownSince >= time;

module.exports = { add, isHeld, remove, wasShownFor };
