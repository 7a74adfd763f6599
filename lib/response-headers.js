'use strict';

/** Headers as Node shows those of a response: lower case, lists joined, `set-cookie` an array. */
function headersOf(flat) {
  const headers = new Map();
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i].toLowerCase();
    const value = flat[i + 1];
    const before = headers.get(name);
    if (name === 'set-cookie') headers.set(name, [...(before || []), value]);
    else headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  // Defines what an assignment would not: a server may name a header `__proto__`.
  return Object.fromEntries(headers);
}

module.exports = { headersOf };
