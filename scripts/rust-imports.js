'use strict';

// Reads from Rust sources which file imports which.

/** Whether a file of Rust holds tests alone. */
const isTest = (file) => /(?:^|\/)(?:\w+_)?tests?(?:\/|\.rs)|properties\.rs|testing\.rs/.test(file);

/** The code without comments, texts and its own tests, which a rule is not about. */
function rustCode(text) {
  const code = text.replace(
    /\br(#*)"[\s\S]*?"\1|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[^']+|[^'\\])'|\/\/.*/g,
    (found) => (found[0] === '/' ? '' : '""'),
  );
  const tests = /^#\[cfg\(test\)\]\s*\n(?:#\[.*\]\s*\n)*mod \w+ \{/m.exec(code);
  if (!tests) return code;
  let end = tests.index + tests[0].length;
  for (let depth = 1; depth > 0 && end < code.length; end++) {
    if (code[end] === '{') depth++;
    if (code[end] === '}') depth--;
  }
  return code.slice(0, tests.index) + code.slice(end);
}

const USE = /\buse\s+([^;]+);/g;

/** The paths of all `use`, groups taken apart: `use a::{b, c::{d}}` gives a::b and a::c::d. */
function usedPaths(code) {
  const expand = (text) => {
    const open = text.indexOf('{');
    if (open < 0) return [text];
    const parts = [''];
    let depth = 0;
    for (const char of text.slice(open + 1, text.lastIndexOf('}'))) {
      if (char === '{') depth++;
      if (char === '}') depth--;
      if (char === ',' && depth === 0) parts.push('');
      else parts[parts.length - 1] += char;
    }
    return parts.filter(Boolean).flatMap((part) => expand(text.slice(0, open) + part));
  };
  return [...code.matchAll(USE)].flatMap(([, text]) => expand(text.replace(/\s+as\s+\w+|\s+/g, '')));
}

/** All paths of a text. */
const rustPaths = (code) => [
  ...usedPaths(code),
  ...[...code.replace(USE, '').matchAll(/(?<![\w:])\w+(?:::\w+)+\(?/g)].map(([text]) => text),
];

/** A module's path: src/engine/client.rs is engine::client. What takes a module's place where that is absent is the same. */
const moduleOf = (file) =>
  file
    .replace(/^src\/|(?:_absent)?\.rs$/g, '')
    .replace(/(?:^|\/)(?:mod|lib)$/, '')
    .replace(/\//g, '::');

const join = (...parts) => parts.filter(Boolean).join('::');
const parent = (name) => name.replace(/(?:::)?[\w*]+$/, '');

/** A path from the root, as a file of the module `here` says it; none for what is no path of ours. */
function absolute(name, here, known, aliases) {
  const [head, ...rest] = name
    .replace(/\($/, '')
    .replace(/::self$/, '')
    .split('::');
  if (head === 'crate') return rest.join('::');
  if (head === 'self') return join(here, ...rest);
  if (head === 'super') {
    const ups = rest.findIndex((part) => part !== 'super') + 1 || rest.length + 1;
    let from = here;
    for (let up = 0; up < ups; up++) from = parent(from);
    return join(from, ...rest.slice(ups - 1));
  }
  if (aliases.has(head)) return join(aliases.get(head), ...rest);
  return known.has(join(here, head)) ? join(here, head, ...rest) : undefined;
}

/**
 * For each module the modules that it imports, from the texts of the files. `mod x;` is no import, and `pub use` is none of
 * a parent that says it: who uses the name imports the file that it comes from.
 */
function rustImports(texts) {
  const modules = new Map();
  for (const [file, text] of texts) {
    if (!file.endsWith('.rs') || isTest(file)) continue;
    const code = rustCode(text);
    const before = modules.get(moduleOf(file));
    modules.set(moduleOf(file), before ? before + code : code);
  }
  const known = new Set(modules.keys());
  const passed = new Map();
  const read = new Map();
  for (const [here, code] of modules) {
    const aliases = new Map();
    const uses = (text) => usedPaths(text).map((name) => [name, absolute(name, here, known, new Map())]);
    const open = code.match(/\bpub(?:\([^)]*\))?\s+use\s+[^;]+;/g) || [];
    passed.set(here, uses(open.join('\n')));
    const isParent = [...known].some((name) => name !== here && parent(name) === here);
    const own = isParent ? open.reduce((rest, text) => rest.replace(text, ''), code) : code;
    for (const [name, target] of uses(own))
      if (target)
        aliases.set(
          name
            .replace(/::self$/, '')
            .split('::')
            .pop(),
          target,
        );
    read.set(here, { own, aliases });
  }
  const defines = (name, item) =>
    new RegExp(`\\bpub[^;{}]*\\b(?:struct|enum|trait|fn|type|const|static) ${item}\\b`).test(
      modules.get(name) || '',
    );
  /** The module that a path leads to, by what is passed on. */
  const owner = (target) => {
    const parts = target.split('::');
    let depth = parts.length;
    while (depth > 0 && !known.has(parts.slice(0, depth).join('::'))) depth--;
    const name = parts.slice(0, depth).join('::');
    const item = parts[depth];
    const way = (passed.get(name) || []).find(
      ([said, to]) =>
        to && (said.split('::').pop() === item || (said.endsWith('::*') && defines(parent(to), item))),
    );
    return item && way ? owner(way[0].endsWith('*') ? join(parent(way[1]), item) : way[1]) : name;
  };
  const imports = new Map();
  for (const [here, { own, aliases }] of read) {
    const targets = rustPaths(own).map((name) => absolute(name, here, known, aliases));
    const owners = targets.filter((target) => target !== undefined).map(owner);
    imports.set(
      here,
      [...new Set(owners)].filter((other) => other !== here && other !== ''),
    );
  }
  return imports;
}

module.exports = { isTest, rustCode, rustImports, rustPaths };
