// What an agent starts: finds the program for this machine, starts it, and outlives it.
//
// All work is done by the program `katalon-ado`, which also tells the agent how the step ends; only
// where it cannot speak does this launcher. Always ends with exit code 0: another one beside a told
// result would spoil the agent's own retry. Loads nothing but Node, because Microsoft's task library
// takes inputs and tokens out of the environment. Node 10 must understand it: agents of Azure DevOps
// Server 2019 and 2020 bring no newer one.
'use strict';

const childProcess = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

// Codes with which the program ends after it has told how the step ends.
const EXIT_CODES = [0, 1, 2, 3, 4, 5, 6, 130];
const CANCELLED = 130;
// The program takes what comes within two seconds of the first signal for the same signal; after a
// later one it ends at once and says nothing more.
const ONE_SIGNAL = 2000;

const isWindows = process.platform === 'win32';
const binFolder = path.join(__dirname, 'bin');

// The platforms whose programs others can run too.
const RUNS_TOO = {
  'win32-arm64': 'win32-x64',
  'win32-ia32': 'win32-x64'
};

// ELF, Mach-O for one processor and for several, and a script that names its interpreter.
const BEGINNINGS = ['7f454c46', 'cffaedfe', 'cafebabe', '2321'];

// What to do where the program did not end by itself.
const WHO_ENDED_IT = 'Either something on this machine ended it, or it is a fault of ours: please report it with this log.';

let child;
let copyFolder;
let hasEnded = false;
let firstSignal;
let lastSignal;

main();

function main() {
  const signals = isWindows ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
  signals.forEach(name => process.on(name, () => handOn(name)));

  const platform = process.platform + '-' + process.arch;
  const folder = RUNS_TOO[platform] || platform;
  const binary = path.join(binFolder, folder, isWindows ? 'katalon-ado.exe' : 'katalon-ado');
  if (!fs.existsSync(binary)) {
    const there = platforms();
    return end('Failed', 'KADO901', there.includes(folder)
      ? `'${binary}' is missing: something on this machine, such as a virus scanner, may have removed it. Allow it, or install the extension anew.`
      : `there is no program for ${platform} in this task, only for: ${there.join(', ') || 'none'}. Use an agent with one of these.`);
  }
  try {
    if (!isWindows && !isProgram(binary)) {
      throw Object.assign(new Error('it is no program'), { code: 'ENOEXEC' });
    }
    start(isWindows ? binary : executable(binary));
  } catch (error) {
    cannotStart(binary, error);
  }
}

function start(binary) {
  // The output is inherited, so that the agent reads what the program writes, as it was written.
  // Standard input is held open and never written to: when this launcher is killed it ends, and
  // the program then cancels. Neither `windowsHide` nor `detached`: with them no event of the
  // console would reach the program.
  child = childProcess.spawn(binary, ['task'], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.on('error', error => {
    // A signal that could not be handed on comes here too, and then the program still runs.
    if (child.pid === undefined) {
      cannotStart(binary, error);
    }
  });
  child.on('exit', ended);
  if (child.stdin) {
    child.stdin.on('error', () => {});
  }
}

// Whether the file begins as one that the system can run. It would hand any other to a shell, which
// takes an empty file for a script without errors, and may end with a code that the program has too.
function isProgram(binary) {
  const file = fs.openSync(binary, 'r');
  const begin = Buffer.alloc(4);
  fs.readSync(file, begin, 0, 4, 0);
  fs.closeSync(file);
  return BEGINNINGS.some(hex => begin.toString('hex').startsWith(hex));
}

// The file with its run bit, which a VSIX does not keep; where the folder of the task is read-only,
// as in a container, a copy of it.
function executable(binary) {
  if (canRun(binary)) {
    return binary;
  }
  try {
    fs.chmodSync(binary, 0o755);
    return binary;
  } catch (error) {
    const temp = process.env.AGENT_TEMPDIRECTORY || os.tmpdir();
    copyFolder = fs.mkdtempSync(path.join(temp, 'katalon-ado-'));
    const copy = path.join(copyFolder, path.basename(binary));
    fs.copyFileSync(binary, copy);
    fs.chmodSync(copy, 0o755);
    return copy;
  }
}

function canRun(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch (error) {
    return false;
  }
}

function platforms() {
  try {
    return fs.readdirSync(binFolder).sort();
  } catch (error) {
    return [];
  }
}

function handOn(signal) {
  lastSignal = Date.now();
  firstSignal = firstSignal || lastSignal;
  // On Windows the event of the console reaches the program by itself, and Node's `kill` would end
  // it at once: there it is enough to stay alive.
  if (!isWindows && child && !hasEnded) {
    child.kill(signal);
  }
}

function ended(code, signal) {
  hasEnded = true;
  if (signal !== null) {
    // A program that was killed before it could listen to the signal was cancelled all the same.
    return end(firstSignal ? 'Canceled' : 'Failed', 'KADO903',
      `the program was ended by ${signal}. ${WHO_ENDED_IT}`);
  }
  if (!EXIT_CODES.includes(code)) {
    return end(firstSignal ? 'Canceled' : 'Failed', 'KADO903',
      `the program ended with the code ${code} (0x${code.toString(16)}), which is none of its own. ${WHO_ENDED_IT}`);
  }
  if (code === CANCELLED && lastSignal - firstSignal >= ONE_SIGNAL) {
    return end('Canceled', 'KADO904', 'the program was told a second time to end, and left the rest. The next attempt cleans up.');
  }
  return cleanUp();
}

function cannotStart(binary, error) {
  const because = {
    EACCES: 'The system forbids it: a policy or virus scanner may block it, or its disk is mounted with `noexec`.',
    EPERM: 'The system forbids it: a policy or virus scanner may block it.',
    UNKNOWN: 'The system forbids it: a policy or virus scanner may block it.',
    ENOEXEC: 'It is damaged, or made for another kind of machine.'
  }[error.code] || 'Look whether disk and memory are full.';
  end('Failed', 'KADO902', `'${binary}' cannot be started: ${error.message}. ${because}`);
}

// Tells the agent how the step ends, in place of the program.
function end(result, code, message) {
  cleanUp();
  const text = escaped(`${code}: ${message}`);
  // The program may have been stopped in the middle of a line.
  write(`\n##vso[task.logissue type=error;code=${code};]${text}\n##vso[task.complete result=${result};]${text}\n`);
}

function cleanUp() {
  if (child && child.stdin) {
    child.stdin.destroy();
  }
  if (copyFolder !== undefined) {
    // Not worth a word if it fails: the agent empties the folder above after the job.
    try {
      fs.readdirSync(copyFolder).forEach(name => fs.unlinkSync(path.join(copyFolder, name)));
      fs.rmdirSync(copyFolder);
    } catch (error) {
      return;
    }
  }
}

// As the agent reads it back; older agents know no `%AZP25`, so a `%` is left alone where it can be.
function escaped(text) {
  return text
    .replace(/%(?=0D|0A|3B|5D|AZP25)/gi, '%AZP25')
    .replace(/\r/g, '%0D')
    .replace(/\n/g, '%0A');
}

// At once, and not by `process.stdout`: on Windows what that still holds is lost at the end.
function write(text) {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.slice(fs.writeSync(1, rest));
    } catch (error) {
      // A pipe that is full is tried again; nobody reads from one that is closed.
      if (error.code !== 'EAGAIN') {
        return;
      }
    }
  }
}
