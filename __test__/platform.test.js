'use strict';

const assert = require('assert');
const fs = require('fs');
const { platformId } = require('../lib/node/platform.js');

const MODULE = require.resolve('../lib/node/platform.js');
const { readFileSync } = fs;

const mapping = (file) =>
  `7f0000000000-7f0000001000 r-xp 00000000 08:01 42                         ${file}\n`;
const GLIBC = mapping('/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2');

/** The C library that the platform is named after where of the system these files can be read. */
function libcWith(files) {
  fs.readFileSync = (file, ...more) => {
    if (file === MODULE) return readFileSync(file, ...more);
    if (file in files) return files[file];
    throw Object.assign(new Error(`ENOENT: ${file}`), { code: 'ENOENT' });
  };
  const own = require.cache[MODULE];
  delete require.cache[MODULE];
  try {
    return require(MODULE).platformId().split('-')[2];
  } finally {
    require.cache[MODULE] = own;
    fs.readFileSync = readFileSync;
  }
}

describe('the platform', () => {
  // The other systems have one C library each.
  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  const cases = [
    ['glibc', '/usr/lib/x86_64-linux-gnu/libc.so.6', 'gnu'],
    ['glibc of before 2.34', '/usr/lib64/libc-2.17.so', 'gnu'],
    ['musl of Alpine', '/lib/ld-musl-x86_64.so.1', 'musl'],
    ['musl of Debian', '/usr/lib/x86_64-linux-musl/libc.so', 'musl'],
  ];
  for (const [name, file, libc] of cases) {
    it(`is of the C library that the process has loaded: ${name}`, () => {
      const ldd = libc === 'musl' ? 'ldd (GNU libc) 2.36' : 'musl libc (x86_64)';
      const maps = `${libc === 'gnu' ? GLIBC : ''}${mapping(file)}${mapping('/opt/libc.so.notes')}`;
      assert.strictEqual(libcWith({ '/proc/self/maps': maps, '/usr/bin/ldd': ldd }), libc);
    });
  }

  it('is told by ldd where the process cannot read what it has loaded', () => {
    assert.strictEqual(libcWith({ '/usr/bin/ldd': '#! /bin/bash\n# Copyright: the GNU C Library' }), 'gnu');
    assert.strictEqual(libcWith({ '/usr/bin/ldd': '#!/bin/sh\nexec /lib/ld-musl-x86_64.so.1' }), 'musl');
  });

  it('is what the runtime reports of itself', function () {
    const made = process.report?.getReport?.();
    // Deno and Bun have no report, or none that names glibc; Node has it from 14 on.
    if (!made || process.versions.bun || process.versions.deno) return this.skip();
    const { header } = typeof made === 'string' ? JSON.parse(made) : made;
    assert.strictEqual(platformId().split('-')[2], header.glibcVersionRuntime ? 'gnu' : 'musl');
  });
});
