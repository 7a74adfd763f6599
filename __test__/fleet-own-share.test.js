'use strict';

const assert = require('assert');
const { OwnShare } = require('../lib/fleet/own-share.js');

describe('the own share of a member without Redis', () => {
  it('is_nothing_of_a_budget_that_was_used_up_for_as_long_as_that_counts', () => {
    const share = new OwnShare({ max: 3 }, 1000);
    share.hear({ used: 3, members: 2 }, 5000);
    assert.strictEqual(share.room(5999, 0), 0);
    assert.strictEqual(share.room(6000, 0), 1);
    share.start(6000);
    assert.strictEqual(share.room(6999, 0), 0);
    assert.strictEqual(share.room(7000, 0), 1);
  });

  it('is_an_equal_part_of_what_was_left', () => {
    const share = new OwnShare({ max: 9 }, 1000);
    share.hear({ used: 3, members: 4 }, 5000);
    assert.strictEqual(share.room(5000, 0), 1);
    share.start(5000);
    assert.strictEqual(share.room(5001, 0), 0);
  });

  it('is_one_attempt_at_a_time_where_there_are_more_members_than_places', () => {
    const share = new OwnShare({ concurrency: 2 }, 0);
    share.hear({ used: 0, members: 5 }, 0);
    assert.deepStrictEqual([share.room(1, 0), share.room(1, 1)], [1, 0]);
  });
});
