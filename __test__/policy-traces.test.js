'use strict';

const assert = require('assert');
const instantiate = require('../lib/browser/policy.js');
const { differences, trace, traces } = require('../scripts/policy-traces.js');

describe('the policy as browsers have it', () => {
  for (const [name, text] of traces()) {
    it(`decides as the trace ${name} says`, () => {
      assert.deepStrictEqual(differences(text, instantiate()), []);
    });
  }

  it('decides the same beside another', () => {
    const [[, text]] = traces();
    const [first, second] = [instantiate(), instantiate()];
    for (const policy of [first, second, first]) assert.deepStrictEqual(differences(text, policy), []);
  });

  it('is found to decide otherwise where it does', () => {
    const lines = trace(1, instantiate());
    const changed = lines.map((line) => line.replace(/^> 10 1 /, '> 10 2 '));
    assert.ok(differences(changed.join('\n'), instantiate()).length > 0);
  });
});
