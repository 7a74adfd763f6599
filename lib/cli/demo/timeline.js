'use strict';

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 };

/** Colours are for terminals, and for people who have not asked to be spared them (no-color.org). */
function wantsColour(stream, env) {
  return Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** Prints what happens, each line with the seconds since the start. */
class Timeline {
  constructor(stream = process.stdout, env = process.env) {
    this.stream = stream;
    this.coloured = wantsColour(stream, env);
    this.startedAt = Date.now();
    this.checks = 0;
  }

  paint(colour, text) {
    return this.coloured ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
  }

  /** One line of text without a time. */
  plain(text = '') {
    this.stream.write(`${text}\n`);
  }

  step(title) {
    this.plain(`\n${this.paint('bold', title)}`);
  }

  /** Something that `who` did at this moment. */
  tell(who, text, colour = 'cyan') {
    const seconds = ((Date.now() - this.startedAt) / 1000).toFixed(3).padStart(7);
    this.plain(`${this.paint('dim', `${seconds} s`)}  ${this.paint(colour, who.padEnd(7))} ${text}`);
  }

  /** Something that was promised and has been seen. */
  seen(text) {
    this.checks += 1;
    this.tell('seen', text, 'green');
  }

  notSeen(text) {
    this.tell('NOT SEEN', text, 'red');
  }
}

module.exports = { Timeline };
