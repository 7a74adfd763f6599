// @ts-nocheck: what is required here is installed on its own platform alone.

'use strict';

/**
 * For each platform what loads its binary: a checkout's own build, else the platform's package; what a loader throws goes to
 * `refused`. Bundlers and tracers see names that are literal, and take one that is not there where a `try` is around it.
 * @type {Record<string, (refused: (error: Error) => void) => any>}
 */
module.exports = {
  'darwin-arm64': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.darwin-arm64.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-darwin-arm64');
    } catch (error) {
      return refused(error);
    }
  },
  'darwin-x64': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.darwin-x64.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-darwin-x64');
    } catch (error) {
      return refused(error);
    }
  },
  'linux-arm64-gnu': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.linux-arm64-gnu.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-linux-arm64-gnu');
    } catch (error) {
      return refused(error);
    }
  },
  'linux-arm64-musl': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.linux-arm64-musl.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-linux-arm64-musl');
    } catch (error) {
      return refused(error);
    }
  },
  'linux-x64-gnu': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.linux-x64-gnu.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-linux-x64-gnu');
    } catch (error) {
      return refused(error);
    }
  },
  'linux-x64-musl': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.linux-x64-musl.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-linux-x64-musl');
    } catch (error) {
      return refused(error);
    }
  },
  'win32-arm64-msvc': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.win32-arm64-msvc.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-win32-arm64-msvc');
    } catch (error) {
      return refused(error);
    }
  },
  'win32-x64-msvc': (refused) => {
    try {
      return require('../../native/websocket-reconnect-native.win32-x64-msvc.node');
    } catch (error) {
      refused(error);
    }
    try {
      return require('websocket-reconnect-native-win32-x64-msvc');
    } catch (error) {
      return refused(error);
    }
  },
};
