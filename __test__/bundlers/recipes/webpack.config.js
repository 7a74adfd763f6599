const path = require('path');

module.exports = {
  mode: 'production',
  target: 'node',
  entry: './main.js',
  output: { path: path.resolve('out') },
  module: { rules: [{ test: /\.node$/, loader: 'node-loader' }] },
  // The binaries of other platforms are not installed.
  ignoreWarnings: [{ module: /websocket-reconnect-native/, message: /Can't resolve/ }],
};
