'use strict';

const LINE_FEED = 10;
const RETURN = 13;

const withoutReturn = (line) => (line[line.length - 1] === RETURN ? line.subarray(0, -1) : line);

/** The lines of a stream, as bytes. It reads on when the next one is asked for. */
async function* linesOf(stream) {
  let parts = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      yield withoutReturn(Buffer.concat([...parts, chunk.subarray(start, end)]));
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield withoutReturn(Buffer.concat(parts));
}

/** The messages of a replay, each at its time after the first that is asked for. */
async function* replaying(messages) {
  const start = Date.now();
  for (const { after, data } of messages) {
    await new Promise((resolve) => setTimeout(resolve, start + after - Date.now()));
    yield data;
  }
}

module.exports = { linesOf, replaying };
