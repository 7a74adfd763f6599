'use strict';

// The regions between markers in index.d.ts and in the documents: what is written into them, and where they are others than
// what is written there. And the comments in index.d.ts.

const path = require('path');
const { isDeepStrictEqual } = require('util');
const { ROOT, capture } = require('./tools.js');

/** So wide are the comments in index.d.ts. */
const WIDTH = 110;

/** Words in lines that fit behind what a comment's lines begin with. */
function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A comment of these sentences, with the default and an example where there are such. */
function comment(sentences, standard, example) {
  const told = sentences.filter(Boolean).join(' ');
  const tag = standard === undefined ? '' : `@defaultValue ${standard}`;
  const line = `  /** ${[told, tag].filter(Boolean).join(' ')} */`;
  if (line.length <= WIDTH && !example) return [line];
  const lines = [...wrap(told, WIDTH - 5), ...(tag ? [tag] : [])];
  if (example) lines.push('', '@example', '```ts', ...example.trim().split('\n'), '```');
  return ['  /**', ...lines.map((text) => `   * ${text}`.trimEnd()), '   */'];
}

const MARKED = /((?:<!--|\/\/) (options|events):begin (\w+)(?: -->)?\n)[\s\S]*?( *(?:<!--|\/\/) \2:end)/g;

/** Where the markers in a file are others than those of what is written there. */
function markerFaults(file, text, regions) {
  const marked = [...text.matchAll(MARKED)].map(([, , , name]) => name).sort();
  const wanted = Object.keys(regions).sort();
  return isDeepStrictEqual(marked, wanted) ? [] : [`${file} has markers for ${marked}, not for ${wanted}`];
}

/** A file's text with what is generated between its markers. */
const generated = (text, regions) =>
  text.replace(MARKED, (_, begin, __, name, end) => `${begin}${regions[name].join('\n')}\n${end}`);

/** As the formatter has it, which breaks long types. */
function formatted(text) {
  const biome = path.join(ROOT, 'node_modules', '.bin', 'biome');
  const { ok, output } = capture(biome, ['format', '--stdin-file-path=index.d.ts'], { input: text });
  if (!ok) throw new Error(output);
  return output;
}

/** The first line where a file is another than it should be. */
function difference(name, actual, wanted) {
  const [ours, theirs] = [actual.split('\n'), wanted.split('\n')];
  if (actual === wanted) return [];
  const at = [...theirs, undefined].findIndex((line, i) => line !== ours[i]);
  return [`${name}:${at + 1}: npm run docs:options writes something else: ${theirs[at] || 'nothing'}`];
}

/** What must be found, and what must not be. */
function selfTest() {
  const before = '// options:begin A\nold\n// options:end\n';
  return {
    planted: [
      markerFaults('a', before, { A: [], B: [] }),
      markerFaults('a', before, {}),
      difference('a', before, generated(before, { A: ['new'] })),
      difference('a', 'a\nb\n', 'a\n'),
    ],
    clean: [markerFaults('a', before, { A: [] }), difference('a', before, generated(before, { A: ['old'] }))],
  };
}

module.exports = { comment, difference, formatted, generated, markerFaults, selfTest };
