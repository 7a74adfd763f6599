'use strict';

// What the process was told from outside: flags of Node, and variables of the environment.

/** Each as Node takes them: of the command line, and of `NODE_OPTIONS`. */
const flags = () => [...process.execArgv, ...(variable('NODE_OPTIONS') || '').split(/\s+/)];

const hasFlag = (name) => flags().includes(name);

/** The value of a flag, as `--name=value` or behind it. */
function flagValue(name) {
  const all = flags();
  const joined = all.find((flag) => flag.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = all.indexOf(name);
  return at < 0 ? undefined : all[at + 1];
}

/** A variable that is set. Deno asks for a right for each, and without it there is none. */
function variable(name, env = process.env) {
  try {
    return env[name] || undefined;
  } catch (_error) {
    return undefined;
  }
}

module.exports = { flagValue, hasFlag, variable };
