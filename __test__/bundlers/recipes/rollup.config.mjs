import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import { addons } from './addons.mjs';

export default {
  input: 'main.mjs',
  output: { dir: 'out', entryFileNames: 'main.mjs' },
  plugins: [
    addons,
    resolve({ exportConditions: ['node'], preferBuiltins: true }),
    commonjs({ requireReturnsDefault: (file) => file.endsWith('.node') }),
  ],
};
