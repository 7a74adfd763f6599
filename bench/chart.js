'use strict';

/* The results as a picture: how many times better than `ws`, on a logarithmic scale. */

const WIDTH = 960;
const LEFT = 330;
const RIGHT = 60;
const TOP = 70;
const LINE = 26;

/** Each peer's colour, readable on white and on black. */
const COLOURS = {
  native: '#e8590c',
  bufferutil: '#868e96',
  node22: '#2f9e44',
  websocket: '#9c36b5',
  bun: '#e64980',
  rust: '#1c7ed6',
};

const STYLE = `text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.small { font-size: 11px; fill: #59636e; }
.grid { stroke: #d1d9e0; } .one { stroke: #59636e; stroke-width: 1.5; } .goal { stroke: #1f2328; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .small { fill: #9198a1; }
  .grid { stroke: #3d444d; } .one { stroke: #9198a1; } .goal { stroke: #f0f6fc; }
}`;

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** How many times better than the base. */
const times = (number, better) => (better === 'more' ? number : 1 / number);

function chart({ titles, rows, machine }) {
  const shown = rows.filter(({ base, peers }) => base === 'ws' && peers.native);
  const all = shown.flatMap(({ peers, better }) =>
    Object.values(peers).map(({ ratio }) => times(ratio.median, better)),
  );
  const [low, high] = [Math.min(0.5, ...all) / 1.1, Math.max(2, ...all) * 1.1];
  const x = (number) => LEFT + ((WIDTH - LEFT - RIGHT) * Math.log(number / low)) / Math.log(high / low);
  const bottom = TOP + shown.length * LINE;
  const parts = [];
  const put = (element) => parts.push(element);

  for (const step of [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((s) => s >= low && s <= high)) {
    const at = x(step).toFixed(1);
    put(
      `<line class="${step === 1 ? 'one' : 'grid'}" x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${bottom}"/>`,
    );
    put(`<text class="small" text-anchor="middle" x="${at}" y="${bottom + 16}">${step} ×</text>`);
  }
  shown.forEach(({ name, better, peers, goal }, index) => {
    const middle = TOP + index * LINE + LINE / 2;
    put(`<text text-anchor="end" x="${LEFT - 10}" y="${middle + 4}">${escaped(name)}</text>`);
    const mine = times(peers.native.ratio.median, better);
    const [from, to] = [Math.min(x(1), x(mine)), Math.max(x(1), x(mine))];
    put(
      `<rect fill="${COLOURS.native}" rx="2" x="${from.toFixed(1)}" y="${middle - 7}" width="${(to - from).toFixed(1)}" height="14"><title>${mine.toFixed(2)} ×</title></rect>`,
    );
    if (goal) {
      const at = x(times(goal[0], better)).toFixed(1);
      put(`<line class="goal" x1="${at}" x2="${at}" y1="${middle - 10}" y2="${middle + 10}"/>`);
    }
    for (const [key, { ratio }] of Object.entries(peers)) {
      if (key === 'native' || key === 'ws') continue;
      const theirs = times(ratio.median, better);
      put(
        `<circle fill="${COLOURS[key]}" cx="${x(theirs).toFixed(1)}" cy="${middle}" r="4"><title>${escaped(titles[key])}: ${theirs.toFixed(2)} ×</title></circle>`,
      );
    }
  });
  let at = LEFT;
  for (const [key, colour] of Object.entries(COLOURS).filter(([key]) => titles[key])) {
    const label = escaped(titles[key]);
    put(
      `<circle fill="${colour}" cx="${at}" cy="46" r="5"/><text class="small" x="${at + 9}" y="50">${label}</text>`,
    );
    at += 30 + label.length * 6;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 40}" role="img">
<title>How many times better than ws</title>
<style>${STYLE}</style>
<text x="10" y="24">How many times better than ${escaped(titles.ws)}: to the right is better; a stroke across a bar is the goal</text>
<text class="small" x="10" y="${bottom + 34}">${escaped(`${machine.date}, Node ${machine.node}, ${machine.processors}`)}</text>
${parts.join('\n')}
</svg>
`;
}

module.exports = { chart };
