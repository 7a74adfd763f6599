'use strict';

// The module rules of docs/design.md, as a check. Usage: check-modules.js

const { readFileSync, readdirSync, statSync } = require('fs');
const path = require('path');
const { ROOT } = require('./tools.js');

/** What the code below a place may not name, and why. */
const RULES = [
  {
    place: 'src/policy/',
    why: 'the policy is handed the time and the random source, and does no I/O',
    never:
      /\b(?:tokio|napi|rustls|tungstenite)\b|\bstd::(?:thread|sync|net|io|fs|process|env)\b|\bInstant::now\b|\bSystemTime\b|crate::(?!policy\b)/,
  },
  {
    place: 'src/wire/',
    why: 'the wire translates bytes, and does no I/O',
    never: /\b(?:tokio|napi|rustls)\b|\bstd::(?:thread|sync|net|fs|process|env|time)\b|crate::(?!wire\b)/,
  },
  {
    place: 'src/net/',
    why: "net knows the policy's words and nothing to its left",
    never: /\bnapi\b|crate::(?:engine|binding|wire)\b/,
  },
  { place: 'src/engine/', why: 'the engine does not know JavaScript', never: /\bnapi\b|crate::binding\b/ },
  {
    place: 'src/',
    except: ['src/engine/clock.rs'],
    why: "src/engine/clock.rs alone reads the clocks and the system's randomness",
    never: /\bInstant::now\(|\bSystemTime::now\(|\bSysRng\b|\brand::rng\(/,
  },
  {
    place: ['index.js', 'lib/'],
    why: 'what ships has no runtime dependency',
    never: /require\('(?!\.|(?:buffer|crypto|events|fs|path|tls|util)')[^']*'\)/,
  },
];

/** Tests and comments may name anything. */
function shippedCode(file, text) {
  if (file.endsWith('.js')) return text;
  if (/(?:^|\/)(?:[a-z_]*tests?\.rs|tests\/)/.test(file)) return '';
  return text.split(/^#\[cfg\(test\)\]\s*\nmod \w+ \{/m)[0].replace(/\/\/.*$/gm, '');
}

/** The rules that the text of a file breaks. */
function broken(file, text) {
  const code = shippedCode(file, text);
  return RULES.filter(({ place, except = [], never }) => {
    const places = [].concat(place);
    return places.some((start) => file.startsWith(start)) && !except.includes(file) && never.test(code);
  }).map(({ why, never }) => `${file} names ${code.match(never)[0]}: ${why}`);
}

function filesBelow(place) {
  const whole = path.join(ROOT, place);
  if (!statSync(whole).isDirectory()) return [place];
  return readdirSync(whole).flatMap((name) => filesBelow(path.posix.join(place, name)));
}

/** Each rule must catch what is planted against it, or the check itself is broken. */
const PLANTED = [
  ['src/policy/link.rs', 'let now = Instant::now();'],
  ['src/policy/link.rs', 'use tokio::time;'],
  ['src/wire/reader.rs', 'use std::net::TcpStream;'],
  ['src/net/tcp.rs', 'use crate::engine::Client;'],
  ['src/engine/driver.rs', 'use napi::Env;'],
  ['src/engine/driver.rs', 'let now = std::time::Instant::now();'],
  ['lib/events.js', "require('ws')"],
];

const blind = PLANTED.filter(([file, text]) => broken(file, text).length === 0).map(
  ([file, text]) => `the rules do not see ${JSON.stringify(text)} in ${file}`,
);
const files = ['index.js', 'lib', 'src'].flatMap(filesBelow).filter((file) => /\.(?:rs|js)$/.test(file));
const found = files.flatMap((file) => broken(file, readFileSync(path.join(ROOT, file), 'utf8')));
const problems = [...blind, ...found];
for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${problems.length} breaches of the module rules`);
process.exitCode = problems.length > 0 ? 1 : 0;
