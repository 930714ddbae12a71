// policies/README.md as a new operator follows it: every command from empty to go, as printed and in
// its order, on an empty decider; then the suggestion, on the catalog that it asks for.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { directory, policies, program } from './support/place.mjs';
import { Program, free_port } from './support/process.mjs';

const text = readFileSync(join(policies, 'README.md'), 'utf8');

// The section's indented lines, with those that end in a backslash joined.
function commands_of(title) {
  const section = text.slice(text.indexOf(title)).split(/\n##+ /)[0];
  return section
    .split('\n')
    .filter((line) => /^ {4,}\S/.test(line))
    .map((line) => line.trim())
    .join('\n')
    .replace(/\\\n/g, '')
    .split('\n');
}

let place, store, decider;

before(async () => {
  place = directory('readme');
  store = join(place, 'store');
  symlinkSync(policies, join(place, 'policies'));
  const target = `127.0.0.1:${await free_port()}`;
  decider = new Program(
    'decider',
    program('signalbox-decider'),
    ['--directory', store, '--listen-tcp', target],
    { log: join(place, 'decider.log') },
  );
  await decider.ready(async () => (await shell('signalboxctl policy list')).code === 0);
});
after(() => decider?.stop());

// {code, output} of a line in a shell where signalboxctl is what the alias makes it.
function shell(line) {
  const script = `set -o pipefail\nsignalboxctl() { command signalboxctl --directory '${store}' "$@"; }\n${line}`;
  const PATH = `${dirname(program('signalboxctl'))}:${process.env.PATH}`;
  return new Promise((done) =>
    execFile('bash', ['-c', script], { cwd: place, env: { PATH } }, (error, stdout, stderr) =>
      done({ code: error ? error.code : 0, output: stdout + stderr }),
    ),
  );
}

describe('from empty to go', () => {
  const commands = commands_of('## From empty to go').filter((line) => !/^(alias|umask) /.test(line));

  // Until the evidence is put the checklist says no.
  const put = commands.findIndex((line) => line.includes('evidence put'));
  const is_no_go = (line) => line.includes('policy check') && commands.indexOf(line) < put;

  test('there are the steps that there were', () => assert.ok(commands.length >= 20, commands.join('\n')));

  for (const command of commands)
    test(command, async () => {
      const { code, output } = await shell(command);
      assert.equal(code, is_no_go(command) ? 1 : 0, output);
    });

  test('afterwards version 1 serves again, and the trail says how it came to that', async () => {
    const { output } = await shell('signalboxctl audit');
    for (const word of ['publish_policy', 'put_evidence', 'activate_policy', 'roll_back_policy'])
      assert.match(output, new RegExp(word));
    const list = await shell('signalboxctl policy list');
    assert.match(list.output, /support-chat-fallback-v1 +1 +active/);
  });
});

test('the suggestion ranks routes of providers.json', async () => {
  // The catalog that serves cannot lose what an active policy uses: both in one.
  await shell(
    "jq -s '[.[] | to_entries[]] | group_by(.key) | map({key: .[0].key, value: map(.value) | add})" +
      "| from_entries' policies/catalog.json policies/providers.json > all.json",
  );
  const published = await shell('signalboxctl catalog publish all.json');
  assert.equal(published.code, 0, published.output);
  const [command] = commands_of('## The catalog');
  const { code, output } = await shell(command);
  assert.equal(code, 0, output);
  assert.match(output.split('\n')[1], /^yes .*gpt-5/, 'the first candidate fits');
});
