// Plays a trace of `__test__/traces/` to the policy of lib/browser/policy.mjs: the lines that differ.

export function play(text, policy) {
  const view = () => new Float64Array(policy.memory.buffer, policy.numbers(), 32);
  let link;
  const answersTo = (line) => {
    const [words, said = ''] = line.split(' | ');
    const [call, ...numbers] = words.split(' ');
    const [now, ...args] = numbers.map(Number);
    const message = said.replace(/\\n/g, '\n');
    const at = policy.room(message.length);
    const bytes = new Uint8Array(policy.memory.buffer);
    for (let i = 0; i < message.length; i += 1) bytes[at + i] = message.charCodeAt(i);
    let answer = 0;
    if (call === 'create') {
      view().set(args.slice(1));
      link = policy.create(args[0]);
    } else if (call === 'configure') {
      view().set(args);
      policy.configure(link, now);
    } else if (call === 'connect') answer = policy.connect(link, now);
    else if (call === 'reconnect') answer = policy.reconnect(link, args[0], now);
    else if (call === 'delay') answer = policy.delay(link, args[0]);
    else policy.tell(link, args[0], args[1] || 0, args[2] || 0, now);
    const lines = [`> ${answer}`];
    for (let kind = policy.next(link); kind !== 0; kind = policy.next(link)) {
      const told = String.fromCharCode(
        ...new Uint8Array(policy.memory.buffer, policy.text(), policy.length()),
      );
      const count = kind < 10 ? 3 : 6;
      const shown = told && ` | ${told.replace(/\n/g, '\\n')}`;
      lines.push(`> ${[kind, ...view().slice(0, count)].join(' ')}${shown}`);
    }
    lines.push(`> deadline ${policy.deadline(link)}`);
    return lines;
  };
  const expected = text.trim().split('\n');
  const found = [];
  for (const line of expected) if (!line.startsWith('>')) found.push(line, ...answersTo(line));
  return expected.filter((line, i) => line !== found[i]);
}
