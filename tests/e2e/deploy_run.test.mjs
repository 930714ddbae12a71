// deploy/run as a new user meets it: the lines that it prints work as printed.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { events } from './support/http.mjs';
import { directory, program, root } from './support/place.mjs';
import { free_port, within } from './support/process.mjs';

let environment, state, printed;

// {code, stdout, stderr} of a command in the checkout.
function run(file, ...words) {
  return new Promise((done) => {
    const options = { cwd: root, env: environment, timeout: 60000 };
    execFile(file, words, options, (error, stdout, stderr) =>
      done({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}
const deploy_run = (...words) => run(join(root, 'deploy/run'), ...words);
const lines = (text, start) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`  ${start}`))
    .map((line) => line.trim());

before(async () => {
  state = join(directory('run'), 'state');
  const ports = await Promise.all(Array.from({ length: 5 }, free_port));
  const { PATH, HOME } = process.env;
  environment = {
    PATH,
    HOME,
    SIGNALBOX_RUN_DIR: state,
    SIGNALBOX_RUN_BIN: dirname(program('signalboxctl')),
    SIGNALBOX_RUN_EDGE_PORT: ports[0],
    SIGNALBOX_RUN_EDGE_ADMIN_PORT: ports[1],
    SIGNALBOX_RUN_DECIDER_PORT: ports[2],
    SIGNALBOX_RUN_MOCK_A_PORT: ports[3],
    SIGNALBOX_RUN_MOCK_B_PORT: ports[4],
  };
  const started = await deploy_run('--detach');
  assert.equal(started.code, 0, started.stdout + started.stderr);
  printed = started.stdout;
});
after(() => deploy_run('--stop'));

const show_line = () =>
  printed
    .split('\n')
    .find((line) => line.endsWith('request show --last'))
    .trim();

const pids = () =>
  ['mock-a', 'mock-b', 'decider', 'edge'].map((name) =>
    Number(readFileSync(join(state, `${name}.pid`), 'utf8').split(' ')[0]),
  );
// A process that ended but that nobody waited for (state Z) is not alive.
const alive = (pid) => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

test('it says where it is and that the providers are mocks', () => {
  assert.match(printed, /mock providers, because OPENAI_API_KEY is not set/);
  assert.match(printed, new RegExp(`base URL +http://127.0.0.1:${environment.SIGNALBOX_RUN_EDGE_PORT}/v1`));
});

test('the first curl line answers, the second one streams', async () => {
  const [plain, stream] = lines(printed, 'curl');
  const answer = await run('bash', '-c', plain);
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(JSON.parse(answer.stdout).choices[0].message.content, /heard: Say hello/);
  const streamed = await run('bash', '-c', stream);
  assert.equal(streamed.code, 0, streamed.stderr);
  const { data } = events(streamed.stdout);
  assert.equal(data.at(-1), '[DONE]');
  assert.ok(data.length > 3);
});

test('the line whose primary fails shows a fallback, and the chain can be read', async () => {
  const failing = lines(printed, 'curl')[2];
  const answer = await run('bash', '-c', failing);
  assert.equal(answer.code, 0, answer.stderr);
  assert.match(answer.stdout, /x-signalbox-attempts: 3/i);
  assert.match(answer.stdout, /x-signalbox-disposition: fallback_success/i);
  assert.match(answer.stdout, /heard: Say hello/);
  const chain = await run('bash', '-c', show_line());
  assert.equal(chain.code, 0, chain.stderr);
  assert.match(chain.stdout, /demo-at-mock-a.*500.*temporary_5xx/);
  assert.match(chain.stdout, /demo-at-mock-b/);
  assert.match(chain.stdout, /fallback_success/);
});

test('the line that tells why the fallback was allowed says go', async () => {
  const line = printed.split('\n').find((text) => text.endsWith('policy check demo-chat-v1'));
  const list = await run('bash', '-c', line.trim());
  assert.equal(list.code, 0, list.stderr);
  assert.match(list.stdout, /fallback 1: demo-at-mock-b \(same_model\) +GO/);
  assert.match(list.stdout, /\nGO\n$/);
});

test('a second start finds it running and prints the same lines', async () => {
  const before_pids = pids();
  const again = await deploy_run('--detach');
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(lines(again.stdout, 'curl'), lines(printed, 'curl'));
  assert.deepEqual(pids(), before_pids);
});

test('--stop ends every process; a start after it keeps key and history', async () => {
  const old = pids();
  const stopped = await deploy_run('--stop');
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.deepEqual(old.filter(alive), []);
  const again = await deploy_run('--detach');
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.deepEqual(lines(again.stdout, 'curl'), lines(printed, 'curl'));
  const show = await run('bash', '-c', show_line());
  assert.equal(show.code, 0, show.stderr);
});

test('in the foreground Ctrl-C stops everything', async () => {
  await deploy_run('--stop');
  // A process group of its own, as a terminal makes one; Ctrl-C goes to all of it.
  const child = spawn(join(root, 'deploy/run'), { cwd: root, env: environment, detached: true });
  const exited = new Promise((done) => child.on('exit', (code) => done(code)));
  let shown = '';
  const ready = new Promise((done) => {
    child.stdout.on('data', (piece) => {
      shown += piece;
      if (shown.includes('Ctrl-C stops everything')) done(true);
    });
  });
  try {
    assert.ok(await within(ready, 30000), shown);
    const started = pids();
    assert.deepEqual(started.filter(alive), started);
    process.kill(-child.pid, 'SIGINT');
    assert.equal(await within(exited, 15000), 130);
    assert.deepEqual(started.filter(alive), []);
  } finally {
    await deploy_run('--stop');
  }
});

test('in the foreground a program that dies takes the rest with it, and is named', async () => {
  const child = spawn(join(root, 'deploy/run'), { cwd: root, env: environment, detached: true });
  const exited = new Promise((done) => child.on('exit', (code) => done(code)));
  let shown = '';
  child.stderr.on('data', (piece) => (shown += piece));
  const ready = new Promise((done) => {
    child.stdout.on('data', (piece) => `${piece}`.includes('Ctrl-C') && done(true));
  });
  try {
    assert.ok(await within(ready, 30000), shown);
    const started = pids();
    process.kill(started[0], 'SIGKILL');
    assert.equal(await within(exited, 15000), 69);
    assert.match(shown, /mock-a ended by itself/);
    assert.deepEqual(started.filter(alive), []);
  } finally {
    await deploy_run('--stop');
  }
});

test('a port that is taken is named, with the way around it', async () => {
  await deploy_run('--detach');
  const saved = environment;
  environment = { ...environment, SIGNALBOX_RUN_DIR: join(dirname(state), 'other') };
  const refused = await deploy_run('--detach');
  await deploy_run('--stop');
  environment = saved;
  assert.equal(refused.code, 69);
  assert.match(refused.stderr, /port \d+ is taken.*SIGNALBOX_RUN_EDGE_PORT/);
});

test('an option that does not exist is refused with the usage', async () => {
  const refused = await deploy_run('--sideways');
  assert.equal(refused.code, 64);
  assert.match(refused.stderr, /usage:/);
});

test('the OpenAI documents load beside the example ones', async () => {
  await deploy_run('--stop');
  environment = { ...environment, OPENAI_API_KEY: 'sk-not-used-here' };
  const started = await deploy_run('--detach');
  assert.equal(started.code, 0, started.stdout + started.stderr);
  assert.match(started.stdout, /the first two lines go to OpenAI/);
  assert.equal(lines(started.stdout, 'curl').length, 3);
  // The key is the edge's alone.
  const sees_key = pids().map((pid) => readFileSync(`/proc/${pid}/environ`).includes('sk-not-used-here'));
  assert.deepEqual(sees_key, [false, false, false, true]);
});
