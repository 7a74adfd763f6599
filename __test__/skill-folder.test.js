'use strict';

const assert = require('assert');
const { mkdtempSync, readFileSync, readdirSync } = require('fs');
const { builtinModules } = require('module');
const os = require('os');
const path = require('path');
const { skillFiles, writeSkill } = require('../scripts/skill.js');
const { version } = require('../package.json');

/** The links of a document, without those in its snippets. */
const linksOf = (text) =>
  [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);

/** The links of all documents that lead to no file among them, nor within a document. */
function leadingOut(files) {
  const found = [];
  for (const [name, text] of files) {
    if (!name.endsWith('.md')) continue;
    for (const link of linksOf(text)) {
      const target = path.posix.join(path.posix.dirname(name), link.split('#')[0]);
      if (!link.startsWith('#') && !files.has(target)) found.push(link);
    }
  }
  return found;
}

describe('the folder of the skill', () => {
  const isAddress = (link) => /^https?:/.test(link);

  it('is named as the skill, and has SKILL.md and what that links to, as text', () => {
    const files = skillFiles({ version });
    const place = writeSkill(mkdtempSync(path.join(os.tmpdir(), 'wsr-skill-')), files);
    const text = readFileSync(path.join(place, 'SKILL.md'), 'utf8');
    assert.ok(text.includes(`\nname: ${path.basename(place)}\n`));
    assert.deepStrictEqual(readdirSync(place).sort(), ['SKILL.md', 'docs', 'examples']);
    const wanted = linksOf(text).map((link) => link.split('#')[0]);
    assert.ok(wanted.length > 10);
    for (const name of wanted.filter((link) => !isAddress(link))) {
      assert.ok(/\.(?:md|js)$/.test(name), name);
      assert.strictEqual(readFileSync(path.join(place, name), 'utf8'), files.get(name));
    }
  });

  it('has no link out of it where no repository is known', () => {
    const found = leadingOut(skillFiles({ version }));
    assert.deepStrictEqual(
      found.filter((link) => !isAddress(link)),
      [],
    );
    assert.ok(!found.some((link) => link.includes('blob')));
  });

  it('leads to the files of its version where a repository is known', () => {
    const repository = { type: 'git', url: 'git+https://example.com/one/two.git' };
    const found = leadingOut(skillFiles({ version, repository }));
    assert.ok(found.every(isAddress), String(found));
    assert.ok(found.includes(`https://example.com/one/two/blob/v${version}/README.md#options`));
  });

  it('has examples that require the package by its name', () => {
    const examples = [...skillFiles({ version })].filter(([name]) => name.endsWith('.js'));
    const allowed = [...builtinModules, 'websocket-reconnect-native', 'ws'];
    const required = examples.flatMap(([, text]) => [...text.matchAll(/\brequire\('([^']+)'\)/g)]);
    assert.ok(required.some(([, name]) => name === 'websocket-reconnect-native'));
    for (const [, name] of required) assert.ok(allowed.includes(name), name);
  });
});
