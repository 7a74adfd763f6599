'use strict';

// What the project's scripts share. Node's own modules only: they run before anything is installed.

const childProcess = require('child_process');
const { existsSync, readFileSync, rmSync, statSync, writeFileSync } = require('fs');
const path = require('path');

const ROOT = path.join(__dirname, '..');
/** Tools that the scripts install for themselves. */
const TOOLS = path.join(ROOT, '.tools');

const windows = process.platform === 'win32';

/**
 * What starts a command. On Windows npm, and what npm installs, are scripts of its shell, which takes apart what is not quoted; a
 * program is started without it.
 */
function started(command, args) {
  const isScript = windows && (command === 'npm' || command.includes(`${path.sep}.bin${path.sep}`));
  const quoted = (text) => (isScript && /\s/.test(text) ? `"${text}"` : text);
  return { program: quoted(command), words: args.map(quoted), shell: isScript };
}

function spawn(command, args, options) {
  const { program, words, shell } = started(command, args);
  return childProcess.spawnSync(program, words, { cwd: ROOT, shell, ...options });
}

/** Runs a command with its output shown; throws where it fails. */
function run(command, args, options) {
  const { status, error } = spawn(command, args, { stdio: 'inherit', ...options });
  if (error || status !== 0) {
    throw new Error(`${command} ${args.join(' ')}: ${error ? error.message : `exit code ${status}`}`);
  }
}

/** Runs a command and returns whether it succeeded and what it printed, which is not shown. */
function capture(command, args, options) {
  const result = spawn(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  const output = `${result.stdout || ''}${result.stderr || ''}`;
  return { ok: !result.error && result.status === 0, output: result.error ? result.error.message : output };
}

/** The same for one that runs beside others: a promise of that. */
function capturing(command, args, options) {
  const { program, words, shell } = started(command, args);
  const all = { cwd: ROOT, shell, maxBuffer: 1 << 28, ...options };
  return new Promise((resolve) => {
    childProcess.execFile(program, words, all, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}${stderr}` || String(error) }),
    );
  });
}

/** Runs npm with its messages shown; returns what it printed, and throws where it fails. */
function npm(args, options) {
  const { status, stdout } = spawn('npm', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: exit code ${status}`);
  return stdout;
}

/** Installs what the lock of a folder names, where that is not there yet. */
function install(folder) {
  const installed = path.join(folder, 'node_modules', '.package-lock.json');
  const wanted = path.join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

function has(command) {
  return capture(command, ['--version']).ok;
}

/** The folders of the PATH that have no cargo, and Node's own. */
function pathWithoutCargo() {
  const holds = (folder) => ['cargo', 'cargo.exe'].some((name) => existsSync(path.join(folder, name)));
  const folders = process.env.PATH.split(path.delimiter).filter((folder) => !holds(folder));
  return [path.dirname(process.execPath), ...folders].join(path.delimiter);
}

/** Python packages in an environment of their own; returns the folder of its programs. */
function python(name, packages) {
  const folder = path.join(TOOLS, name);
  const bin = path.join(folder, windows ? 'Scripts' : 'bin');
  const ready = path.join(folder, 'ready');
  if (existsSync(ready) && readFileSync(ready, 'utf8') === String(packages)) return bin;
  run(windows ? 'python' : 'python3', ['-m', 'venv', '--clear', folder]);
  run(path.join(bin, 'pip'), ['install', '-q', '--disable-pip-version-check', ...packages]);
  writeFileSync(ready, String(packages));
  return bin;
}

/**
 * A runtime from npm, or several packages, of that version; returns its folder. `script` puts its program in place: npm may
 * refuse to run a package's own scripts. `flags` are npm's own.
 */
function runtime(key, spec, script, flags = []) {
  const folder = path.join(TOOLS, 'runtimes', key);
  const ready = path.join(folder, 'ready');
  if (existsSync(ready) && readFileSync(ready, 'utf8') === String(spec)) return folder;
  rmSync(folder, { recursive: true, force: true });
  run('npm', [
    'install',
    '--silent',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    ...flags,
    '--prefix',
    folder,
    ...[].concat(spec),
  ]);
  if (script) {
    const place = path.join(folder, script);
    run(process.execPath, [place], { cwd: path.dirname(place) });
  }
  writeFileSync(ready, String(spec));
  return folder;
}

module.exports = {
  ROOT,
  TOOLS,
  run,
  capture,
  capturing,
  npm,
  install,
  has,
  pathWithoutCargo,
  python,
  runtime,
};
