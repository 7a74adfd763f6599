'use strict';

const assert = require('assert');
const { Assignment } = require('../lib/fleet/assignment.js');

describe('an assignment of keys', () => {
  it('is_told_each_change_once_and_looks_at_its_keys_only_where_members_change', () => {
    let looks = 0;
    const told = [];
    const assignment = new Assignment(['a', 'b', 'a'], (change) => told.push(change));
    const { all } = assignment;
    Object.defineProperty(assignment, 'all', {
      get() {
        looks += 1;
        return all;
      },
    });
    assignment.see('me', ['me']);
    assignment.see('me', ['me', 'other']);
    assignment.see('me', ['other', 'me']);
    assert.strictEqual(looks, 2);
    assert.deepStrictEqual(told[0], { keys: ['a', 'b'], added: ['a', 'b'], removed: [] });
    assignment.see('me', ['me']);
    assert.strictEqual(looks, 3);
    assert.deepStrictEqual(assignment.keys, ['a', 'b']);
  });

  it('is_told_at_first_that_there_are_none', () => {
    const told = [];
    new Assignment([], (change) => told.push(change)).see('me', ['me']);
    assert.deepStrictEqual(told, [{ keys: [], added: [], removed: [] }]);
  });
});
