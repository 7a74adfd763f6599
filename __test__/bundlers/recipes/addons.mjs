import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A plugin of Rollup and Vite: puts an addon beside the bundle, which requires it there. */
export const addons = {
  name: 'addons',
  load(file) {
    if (!file.endsWith('.node')) return null;
    const fileName = basename(file);
    this.emitFile({ type: 'asset', fileName, source: readFileSync(file) });
    return `import { createRequire } from 'node:module';
      const addon = createRequire(import.meta.url)('./${fileName}');
      export { addon as default, addon as 'module.exports' };`;
  },
};
