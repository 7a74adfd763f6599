'use strict';

// Random lives of the policy, as traces: what it is told, and behind `>` what it decides. `node scripts/policy-traces.js` writes them anew
// by the artefact; src/browser/tests.rs plays them to the policy in Rust, and tests of the browsers to the artefact there.

const { mkdirSync, readFileSync, readdirSync, writeFileSync } = require('fs');
const path = require('path');
const { ROOT } = require('./tools.js');

const FOLDER = path.join(ROOT, '__test__', 'traces');
const COUNT = 24;
const STEPS = 160;

/** Park and Miller's generator: the same numbers everywhere. */
function chanceOf(seed) {
  let state = seed;
  const draw = () => {
    state = (state * 16807) % 2147483647;
    return (state - 1) / 2147483646;
  };
  const below = (end) => Math.floor(draw() * end);
  return { below, of: (list) => list[below(list.length)], is: (share) => draw() < share };
}

/** Numbers in the order of src/browser.rs. */
function anySettings(chance) {
  const ms = (...more) => chance.of([1, 20, 333, 1000, 2.5, ...more]);
  return [
    chance.of([0, 1, 3, 10, Infinity]),
    ms(),
    ms(30000, Infinity),
    chance.of([1, 1.5, 2, 10]),
    chance.below(4),
    chance.of([0, 0.1, 0.5, 1]),
    chance.of([0, 0, 1000, 25]),
    ms(),
    chance.below(2),
    chance.of([0, 0, 2000]),
    chance.below(2),
    chance.of([1, 2, 5, Infinity]),
    ms(60000),
    chance.of([1, 3]),
    chance.of([0, 0, 500]),
    chance.of([0, 0.5, 1]),
    chance.of([1, 4]),
    ms(30000, Infinity),
    chance.of([0, 0, 100]),
    chance.of([1000, Infinity]),
    chance.below(2),
    chance.of([0, 0, 1]),
    chance.of([0, 0, 1]),
    chance.of([1, 3]),
    chance.below(2),
    chance.of([0, 400]),
    chance.of([0, 0, 1]),
  ];
}

/** What the policy may be told next, of its latest attempt, as `tell`'s arguments. */
function anyFact(chance, attempt) {
  const at = chance.is(0.9) ? attempt : Math.max(attempt - 1, 0);
  const code = chance.of([1000, 1001, 1002, 1006, 1012, 4000]);
  return chance.of([
    [0],
    [0],
    [0],
    [18, at],
    [18, at],
    [18, at],
    [19, at, 0, 'ECONNREFUSED\nrefused'],
    [19, at, 0, 'ECONNREFUSED\nrefused'],
    [19, at, 1, '\nthrown'],
    [20, at],
    [20, at],
    [21, at, code, 'bye'],
    [21, at, code + 65536, ''],
    [1, code, chance.below(2), 'over'],
    [2, 0, chance.below(2)],
    [3],
    [4],
    [5],
    [6],
    [7, chance.below(4)],
    [8, chance.below(4)],
    [9, chance.below(2)],
    [10, chance.below(3)],
    [11],
    [12, at],
    [13, 6000],
    [14],
    [15, at],
    [16, at],
    [16, at],
    [17, at, chance.of([-2, -1, 0, 50])],
    [17, at, -1],
    [22, at],
    [23, at],
    [24],
    [25],
    [26, at],
    [26, at],
    [26, at],
  ]);
}

/** A player of lines: what `policy`, of lib/browser/policy.mjs, answers to each, as lines. */
function player(policy) {
  const view = () => new Float64Array(policy.memory.buffer, policy.numbers(), 32);
  const say = (text) => {
    const at = policy.room(text.length);
    const bytes = new Uint8Array(policy.memory.buffer);
    for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
  };
  let link;
  return (line) => {
    const [words, text = ''] = line.split(' | ');
    const [call, ...numbers] = words.split(' ');
    const [now, ...args] = numbers.map(Number);
    say(text.replace(/\\n/g, '\n'));
    const put = () => view().set(args.slice(call === 'create' ? 1 : 0));
    let answer = 0;
    switch (call) {
      case 'create':
        put();
        link = policy.create(args[0]);
        break;
      case 'configure':
        put();
        policy.configure(link, now);
        break;
      case 'connect':
        answer = policy.connect(link, now);
        break;
      case 'reconnect':
        answer = policy.reconnect(link, args[0], now);
        break;
      case 'delay':
        answer = policy.delay(link, args[0]);
        break;
      default:
        policy.tell(link, args[0], args[1] || 0, args[2] || 0, now);
    }
    const lines = [`> ${answer}`];
    for (let kind = policy.next(link); kind !== 0; kind = policy.next(link)) {
      const bytes = new Uint8Array(policy.memory.buffer, policy.text(), policy.length());
      const told = String.fromCharCode(...bytes).replace(/\n/g, '\\n');
      const [a, b, c, ...counts] = view();
      const more = kind < 10 ? [] : counts.slice(0, 3);
      lines.push(`> ${[kind, a, b, c, ...more].join(' ')}${told && ` | ${told}`}`);
    }
    lines.push(`> deadline ${policy.deadline(link)}`);
    return lines;
  };
}

/** A life by a seed: its lines. */
function trace(seed, policy) {
  const chance = chanceOf(seed);
  const play = player(policy);
  const lines = [];
  let now = chance.of([0, 12345678.9, 9e15]);
  let attempt = 0;
  let deadline = Infinity;
  const run = (line) => {
    const answers = play(line);
    for (const answer of answers) {
      const dialed = /^> 1 (\d+)/.exec(answer) || /^> 1[78] (\d+)/.exec(answer);
      if (dialed) attempt = Number(dialed[1]);
    }
    deadline = Number(answers[answers.length - 1].split(' ')[2]);
    lines.push(line, ...answers);
  };
  run(`create 0 ${[seed, ...anySettings(chance)].join(' ')}`);
  run(`connect ${now}`);
  for (let step = 0; step < STEPS; step += 1) {
    const isToDeadline = chance.is(0.4) && deadline !== Infinity && deadline > now;
    now = isToDeadline ? deadline : now + chance.of([0, 1, 999.5, 10000, 1e6]);
    const call = isToDeadline ? 99 : chance.below(100);
    if (call < 10) run(`connect ${now}`);
    else if (call < 13) run(`reconnect ${now} 1000 | anew`);
    else if (call < 16) run(`configure ${now} ${anySettings(chance).join(' ')}`);
    else if (call < 19) run(`delay ${now} ${chance.below(40)}`);
    else {
      const fact = isToDeadline ? [0] : anyFact(chance, attempt);
      const texts = fact.filter((part) => typeof part === 'string');
      const numbers = fact.filter((part) => typeof part === 'number');
      const text = texts.length > 0 ? ` | ${texts[0].replace(/\n/g, '\\n')}` : '';
      run(`tell ${now} ${numbers.join(' ')}${text}`);
    }
  }
  return lines;
}

/** The lines in which what `policy` answers differs from a trace. */
function differences(text, policy) {
  const play = player(policy);
  const expected = text.trim().split('\n');
  const found = [];
  for (const line of expected) if (!line.startsWith('>')) found.push(line, ...play(line));
  return expected.filter((line, i) => line !== found[i]);
}

/** The traces that are there, as name and text. */
function traces() {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => [name, readFileSync(path.join(FOLDER, name), 'utf8')]);
}

module.exports = { differences, trace, traces };

if (require.main === module) {
  const instantiate = /** @type {any} */ (require('../lib/browser/policy.js'));
  mkdirSync(FOLDER, { recursive: true });
  for (let seed = 1; seed <= COUNT; seed += 1) {
    writeFileSync(path.join(FOLDER, `${seed}.txt`), `${trace(seed, instantiate()).join('\n')}\n`);
  }
}
