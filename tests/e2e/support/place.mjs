// Where things are: the checkout, the built programs, and a directory for what a test file leaves.
//
//   SIGNALBOX_TEST_BIN   directory of the built programs (default: build/release/bin)
//   SIGNALBOX_TEST_MOCK  the mock provider (default: signalbox-mock beside them)
//   SIGNALBOX_FULL=1     the larger runs
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../..');
export const policies = join(root, 'policies');
export const full = process.env.SIGNALBOX_FULL === '1';

const bin = resolve(process.env.SIGNALBOX_TEST_BIN || join(root, 'build/release/bin'));

export function program(name) {
  const file =
    name === 'signalbox-mock' && process.env.SIGNALBOX_TEST_MOCK
      ? resolve(process.env.SIGNALBOX_TEST_MOCK)
      : join(bin, name);
  try {
    accessSync(file, constants.X_OK);
  } catch {
    throw new Error(`${file} is not there: build it first (cmake --preset release)`);
  }
  return file;
}

const made = [];

// A directory for one test file; short, because a unix socket's path may have 107 bytes. It goes
// when all tests of the file passed; else it stays and stderr says where.
export function directory(label) {
  const path = mkdtempSync(join(tmpdir(), `signalbox-${label}-`));
  made.push(path);
  return path;
}

process.on('exit', (code) => {
  for (const path of made) {
    if (code === 0 && !process.exitCode) rmSync(path, { recursive: true, force: true });
    else process.stderr.write(`logs are kept in ${path}\n`);
  }
});
