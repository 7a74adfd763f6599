'use strict';

/*
 * A server that cuts its connections at random points, and keeps account of what arrived:
 * `server.js SEED CUTS`. It tells its parent `{listening: port}`, then `{done: true}` once it has cut that often;
 * from there on it cuts no more. Asked for a report, it gives the account.
 */

const { WebSocketServer } = require('ws');
const { random } = require('../../__test__/support/random.js');

/** A connection lives up to this long before it is cut, in ms. */
const LIFE = 40;
/** A silence lasts up to this long; the reset that ends it is what a network in between would send at last. */
const SILENCE = 250;
/** How long after FIN the client may take to end its side, in ms. */
const FAREWELL = 50;
/** The server sends a few messages every so often, in ms. */
const PACE = 2;

const [seed, limit] = process.argv.slice(2).map(Number);
const chance = random(seed);
const cuts = { reset: 0, end: 0, silence: 0 };
const links = {};
let done = 0;

const HOW = {
  reset: (ws) => ws._socket.resetAndDestroy(),
  end(ws) {
    ws._socket.end();
    setTimeout(() => ws.terminate(), FAREWELL);
  },
  silence(ws) {
    ws.pause();
    setTimeout(() => ws._socket.resetAndDestroy(), chance.below(SILENCE));
  },
};

function cut(ws) {
  if (done >= limit || ws.readyState !== ws.OPEN) return;
  const how = chance.of(Object.keys(HOW));
  ws.cut = how;
  cuts[how] += 1;
  done += 1;
  HOW[how](ws);
  if (done === limit) process.send({ done: true });
}

/** Messages are numbered from 0 on each link, over all its connections. */
function account(link, number) {
  if (!(link in links)) links[link] = { seen: new Set(), latest: -1, disordered: 0, doubled: 0 };
  const book = links[link];
  if (book.seen.has(number)) {
    book.doubled += 1;
    return;
  }
  book.seen.add(number);
  if (number < book.latest) book.disordered += 1;
  book.latest = Math.max(book.latest, number);
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => process.send({ listening: server.address().port }));
server.on('connection', (ws, request) => {
  const link = request.url.slice(1);
  let number = 0;
  ws.on('error', () => {});
  ws.on('message', (data) => {
    // What the system of a silent peer has taken reaches nobody.
    if (ws.cut === 'silence') return;
    const text = data.toString();
    if (text.startsWith('{')) ws.send('{"type":"pong"}');
    else account(link, Number.parseInt(text, 10));
  });
  const chatter = setInterval(() => {
    if (ws.cut || ws.readyState !== ws.OPEN) return;
    for (let i = chance.below(4); i > 0; i--) ws.send(`${number++} ${'.'.repeat(chance.below(300))}`);
  }, PACE);
  ws.on('close', () => clearInterval(chatter));
  if (done < limit) setTimeout(cut, chance.below(LIFE), ws);
});

process.on('message', () => {
  const report = {};
  for (const [link, { seen, disordered, doubled }] of Object.entries(links)) {
    report[link] = { unique: seen.size, disordered, doubled };
  }
  process.send({ report: { links: report, cuts } });
});
