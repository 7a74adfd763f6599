'use strict';

const { fork } = require('child_process');
const path = require('path');
const { NotSeen, within } = require('./witness.js');

/** The demo's server in a child process, in the process group of the demo. */
class ServerProcess {
  static async start(port = 0) {
    const server = new ServerProcess(port);
    const { listening, failed } = await server.told('listening', 'the server listening');
    if (failed) throw new NotSeen(`the server listening: ${failed}`);
    server.port = listening;
    return server;
  }

  constructor(port) {
    this.port = port;
    this.child = fork(path.join(__dirname, 'server.js'), [String(port)]);
    this.exited = new Promise((resolve) =>
      this.child.once('exit', (code, signal) => resolve(signal || code)),
    );
    const end = () => this.child.kill('SIGKILL');
    process.once('exit', end);
    this.exited.then(() => process.off('exit', end));
  }

  get pid() {
    return this.child.pid;
  }

  /** The next message from the child that has `name`, or says that it failed. */
  told(name, what) {
    const { child } = this;
    const told = new Promise((resolve) => {
      child.on('message', function take(/** @type {any} */ message) {
        if (!(name in message) && !('failed' in message)) return;
        child.off('message', take);
        resolve(message);
      });
    });
    const gone = this.exited.then((how) => ({ failed: `its process ended (${how})` }));
    return within(Promise.race([told, gone]), what);
  }

  /** When each heartbeat reached the server, in ms since the epoch. */
  async heartbeats() {
    const report = this.told('heartbeats', "the server's report");
    this.child.send('report');
    const { heartbeats, failed } = await report;
    if (failed) throw new NotSeen(`the server's report: ${failed}`);
    return heartbeats;
  }

  /** Ends the process as a crash would: no close frame, no goodbye. */
  kill() {
    this.child.kill('SIGKILL');
    return within(this.exited, 'the end of the server process');
  }
}

module.exports = { ServerProcess };
