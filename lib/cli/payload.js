'use strict';

const FORMS = {
  text: (line) => line.toString(),
  binary: (line) => Buffer.from(line),
  hex(line) {
    const digits = line.toString().replace(/\s/g, '');
    return /^(?:[\da-f]{2})*$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
  },
};

/** The message that a line, a string or its bytes, is sent as; undefined where it is no hex and has to be. */
const payload = (line, form) => FORMS[form](line);

module.exports = { payload };
