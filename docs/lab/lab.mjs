import { herd, life, picture } from './herd.mjs';

const JITTERS = ['0.1', 'full', 'equal', 'decorrelated', 'none'];
const COLOURS = {
  CLOSED: '#bbb',
  CONNECTING: '#e0a800',
  OPEN: '#2a9d4a',
  CLOSING: '#888',
  BLOCKED: '#8e44ad',
  FAILED: '#c0392b',
};

const fields = [...document.querySelectorAll('input, select')];
const element = (id) => document.getElementById(id);

/** Fills the fields with what the link holds. */
function read() {
  const held = new URLSearchParams(location.hash.slice(1));
  for (const field of fields) if (held.has(field.name)) field.value = held.get(field.name);
}

/** What is set, which the link holds from now on. */
function options() {
  const all = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
  history.replaceState(null, '', `#${new URLSearchParams(all)}`);
  const numbers = fields
    .filter(({ type }) => type === 'number')
    .map(({ name, value }) => [name, Number(value)]);
  return { ...all, ...Object.fromEntries(numbers) };
}

/** The life of one client as a timeline. */
function showLife(given) {
  const limit = 180;
  const { states, retries } = life({ ...given, jitter: given.one, limit });
  const x = (at) => 10 + (at / (limit * 1000)) * 880;
  const bars = states.slice(0, -1).map(({ at, state }, i) => {
    const width = Math.max(x(states[i + 1].at) - x(at), 1);
    return `<rect x="${x(at)}" y="30" width="${width}" height="40" fill="${COLOURS[state]}"><title>${state} at ${(at / 1000).toFixed(1)} s</title></rect>`;
  });
  const marks = retries.map(
    ({ at, attempt, delay }) =>
      `<circle cx="${x(at)}" cy="85" r="4"><title>retry ${attempt} in ${delay} ms</title></circle>`,
  );
  const legend = Object.keys(COLOURS).map(
    (state, i) =>
      `<rect x="${10 + i * 130}" y="115" width="12" height="12" fill="${COLOURS[state]}"/><text x="${27 + i * 130}" y="126">${state}</text>`,
  );
  const seconds = Array.from(
    { length: limit / 20 + 1 },
    (_, i) => `<text x="${x(i * 20000)}" y="22" text-anchor="middle">${i * 20}</text>`,
  );
  element('life').innerHTML =
    `<svg viewBox="0 0 900 140" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="the states of one client">
${seconds.join('')}${bars.join('')}${marks.join('')}${legend.join('')}</svg>
<p>${retries.length} retries (dots) in ${limit} s; at its end the client is ${states[states.length - 1].state}.</p>`;
}

const told = (ms) => (ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`);

/** Herds by each jitter, one after the other, so that the page can be used meanwhile. */
let run = 0;
async function showHerds(given) {
  run += 1;
  const mine = run;
  const results = [];
  const { baseDelay, maxDelay, multiplier, outage, seed, clients, capacity, over } = given;
  for (const jitter of JITTERS) {
    element('working').textContent = `computing ${jitter} …`;
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (mine !== run) return;
    results.push(
      herd({ baseDelay, maxDelay, multiplier, outage, seed, clients, capacity, over, jitter, limit: 300 }),
    );
    const rows = results.map(
      ({ half, most, all, attempts, worst, jitter: name }) =>
        `<tr><td>${name}<td>${told(half)}<td>${told(most)}<td>${told(all)}<td>${attempts}<td>${worst}`,
    );
    const head = '<tr><th>jitter<th>half back<th>95 % back<th>all back<th>attempts<th>most in 100 ms';
    element('table').innerHTML = `${head}${rows.join('')}`;
    element('herd').innerHTML = picture(results, given);
  }
  element('working').textContent = `${clients} clients, five times, for up to 300 s`;
}

function show() {
  const given = options();
  showLife(given);
  showHerds(given);
}

read();
for (const field of fields) field.addEventListener('change', show);
show();
