export default {
  output: 'standalone',
  serverExternalPackages: ['websocket-reconnect-native'],
};
