'use strict';

const readline = require('readline');
const { linesOf } = require('./input.js');

const COLOURS = { dim: 2, red: 31, cyan: 36 };

/** How often the status is looked at again, in ms: it counts seconds. */
const TICK = 1000;

/** A text none of whose lines looks like a message or a note of its own. */
const oneThing = (text) => text.replace(/\n/g, '\n  ');

/**
 * Where input comes from and output goes to: messages to standard output, all else to standard error.
 *
 * Where that is a terminal, its last line is the status. Where standard input is one too, that line takes what is typed.
 */
class Screen {
  /**
   * @param {{ input: any, output: any, error: any, env: Record<string, string | undefined> }} streams
   * @param {() => string} status what the status line says
   */
  constructor({ input, output, error, env }, status) {
    this.input = input;
    this.output = output;
    this.error = error;
    this.status = status;
    const canMove = env.TERM !== 'dumb';
    this.coloured = canMove && !env.NO_COLOR;
    this.hasStatus = Boolean(error.isTTY) && canMove;
    this.isTyped = this.hasStatus && Boolean(input.isTTY);
    this.shown = undefined;
    this.drawing = undefined;
    this.ticking = this.hasStatus ? setInterval(() => this.refresh(), TICK) : undefined;
    this.typing = this.isTyped
      ? readline.createInterface({ input, output: error, terminal: true })
      : undefined;
  }

  /** The lines of the input: strings where they are typed, else bytes. `interrupt` is called at Ctrl-C. */
  async *lines(interrupt) {
    if (!this.typing) {
      yield* linesOf(this.input);
      return;
    }
    const { typing } = this;
    typing.on('SIGINT', interrupt);
    // After Ctrl-Z and `fg` it reads on once there is a prompt.
    typing.on('SIGCONT', () => this.draw());
    // What was typed stays, and the next line has a status of its own.
    typing.on('line', () => {
      this.shown = undefined;
      this.draw();
    });
    // From here on the status stands by itself.
    typing.on('close', () => {
      this.erase();
      this.typing = undefined;
      this.draw();
    });
    this.draw();
    yield* typing;
  }

  paint(stream, colour, text) {
    return this.coloured && stream.isTTY ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
  }

  /** Prints a message. On a terminal it is told from what is typed. */
  message(text) {
    if (!this.output.isTTY) return this.print(text);
    return this.print(`${this.paint(this.output, 'cyan', '<')} ${oneThing(text)}`);
  }

  /** Prints a line to standard output; false where that has to be waited for. */
  print(text) {
    this.erase();
    const hasRoom = this.output.write(`${text}\n`);
    this.draw();
    return hasRoom;
  }

  /** Says something about the connection. */
  note(text, colour = 'dim') {
    this.erase();
    this.error.write(`${this.paint(this.error, colour, `wsr: ${oneThing(text)}`)}\n`);
    this.draw();
  }

  refresh() {
    if (this.shown !== undefined && this.shown !== this.status()) this.draw();
  }

  /** Draws the status soon: once for all that is printed in a turn of the event loop. */
  draw() {
    if (!this.hasStatus || this.drawing) return;
    this.drawing = setImmediate(() => {
      this.drawing = undefined;
      this.erase();
      this.shown = this.status();
      const text = this.paint(this.error, 'dim', `[${this.shown}]`);
      if (!this.typing) {
        this.error.write(text);
        return;
      }
      this.typing.setPrompt(`${text} `);
      this.typing.prompt(true);
    });
  }

  erase() {
    if (this.shown === undefined) return;
    this.shown = undefined;
    if (this.typing) {
      readline.moveCursor(this.error, 0, -this.typing.getCursorPos().rows);
      // It would go up by itself as far as what it has drawn last reached.
      /** @type {any} */ (this.typing).prevRows = 0;
    }
    readline.cursorTo(this.error, 0);
    readline.clearScreenDown(this.error);
  }

  /** Takes the status away, and gives the terminal back. */
  close() {
    clearInterval(this.ticking);
    clearImmediate(this.drawing);
    this.erase();
    this.hasStatus = false;
    if (this.typing) this.typing.close();
  }
}

module.exports = { Screen };
