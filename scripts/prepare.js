'use strict';

/**
 * Builds the addon when a checkout is installed, where cargo is there. A package from the registry never
 * comes here. Without cargo the install goes on: requiring the package then says what is missing.
 */
const { build } = require('./build.js');
const { run, script } = require('./steps.js');

script(async () => {
  const { code } = await run('cargo', ['--version'], { show: 'nothing' });
  if (code === 0) await build();
  else console.log('No cargo on the PATH: the addon is not built.');
});
