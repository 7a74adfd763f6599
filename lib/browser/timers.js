'use strict';

// Timers of the page, taken when this loads, and those of a Worker: a hidden page's own come up to a minute late.

const { Blob, URL, Worker, clearTimeout, setTimeout } = /** @type {any} */ (globalThis);

const OF_PAGE = {
  set: (call, wait) => setTimeout(call, wait),
  clear: (timer) => clearTimeout(timer),
};

/** What runs in the worker: it is told a number and a time, and tells the number once that is over. */
const SOURCE = `
  const timers = new Map();
  onmessage = ({ data: { id, wait } }) => {
    clearTimeout(timers.get(id));
    timers.delete(id);
    if (wait === undefined) return;
    timers.set(id, setTimeout(() => { timers.delete(id); postMessage(id); }, wait));
  };
`;

/** Those of a worker, from the first client on that asks for them. */
let ofWorker;

/** Starts the worker. Where the page's policy forbids one, its own timers go on in its place. */
function startWorker() {
  const calls = new Map();
  let lastId = 0;
  let worker;
  const fallBack = () => {
    worker = undefined;
    for (const [id, { call, until }] of calls) {
      calls.delete(id);
      setTimeout(call, Math.max(until - Date.now(), 0));
    }
  };
  try {
    worker = new Worker(URL.createObjectURL(new Blob([SOURCE], { type: 'text/javascript' })));
    worker.onerror = (event) => {
      if (event && event.preventDefault) event.preventDefault();
      fallBack();
    };
    worker.onmessage = ({ data: id }) => {
      const known = calls.get(id);
      calls.delete(id);
      if (known !== undefined) known.call();
    };
  } catch (_error) {
    return OF_PAGE;
  }
  return {
    set(call, wait) {
      if (worker === undefined) return { timer: OF_PAGE.set(call, wait) };
      lastId += 1;
      calls.set(lastId, { call, until: Date.now() + wait });
      worker.postMessage({ id: lastId, wait });
      return { id: lastId };
    },
    clear({ id, timer }) {
      if (timer !== undefined) OF_PAGE.clear(timer);
      if (id === undefined || !calls.delete(id) || worker === undefined) return;
      worker.postMessage({ id });
    },
  };
}

/** The timers that an option asks for. */
function timersOf(option) {
  if (option !== 'worker' || typeof Worker !== 'function' || typeof Blob !== 'function') return OF_PAGE;
  if (ofWorker === undefined) ofWorker = startWorker();
  return ofWorker;
}

module.exports = { timersOf };
