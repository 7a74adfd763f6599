import { addons } from './addons.mjs';

export default {
  plugins: [addons],
  build: { ssr: 'main.mjs', outDir: 'out', ssrEmitAssets: true },
  ssr: { noExternal: ['websocket-reconnect-native'] },
};
