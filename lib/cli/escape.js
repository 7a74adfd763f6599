'use strict';

/**
 * What a terminal may obey, or by what a text may look like another: control characters, and those that turn the direction of a text or
 * end its line. Tabs and line feeds alone stay.
 */
const CONTROLS = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;

const hex = (character, digits) => character.charCodeAt(0).toString(16).padStart(digits, '0');

const escaped = (character) => (character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`);

/** A text that is safe to print. */
const safe = (text) => text.replace(CONTROLS, escaped);

/** JSON of a value, on one line, that is safe to print and still JSON. */
const safeJson = (value) => JSON.stringify(value).replace(CONTROLS, (character) => `\\u${hex(character, 4)}`);

/** The text that bytes are, safe to print; where they are no UTF-8, each byte beyond ASCII is shown by itself. */
function safeBytes(bytes) {
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return safe(text);
  return safe(bytes.toString('latin1')).replace(/[\x80-\xff]/g, escaped);
}

module.exports = { safe, safeBytes, safeJson };
