// kill -9 of the decider, at every row of the table of kill points and between any two steps of a
// request. Whatever was acknowledged (durable = true) is there after the restart, and whatever was
// not goes on by its resume token. 20 kills; 1000 with SIGNALBOX_FULL=1.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { call, credentials, reflect } from './support/grpc.mjs';
import { full, root } from './support/place.mjs';
import { within } from './support/process.mjs';
import { ask, report } from './support/question.mjs';
import { start_stack } from './support/stack.mjs';

const kills_wanted = full ? 1000 : 20;
let kills = 0;
let adoptions = 0;
let stack, services, decisions, history;

before(async () => {
  stack = await start_stack('kill', { edge: false });
  services = (await reflect(stack.target)).root.signalbox.v1;
});
after(async () => {
  disconnect();
  await stack?.stop();
});

function connect() {
  const options = { 'grpc.initial_reconnect_backoff_ms': 20, 'grpc.max_reconnect_backoff_ms': 100 };
  decisions = new services.DecisionService(stack.target, credentials.createInsecure(), options);
  history = new services.HistoryService(stack.target, credentials.createInsecure(), options);
}
function disconnect() {
  decisions?.close();
  history?.close();
}

const put = async (question) =>
  (await call(decisions, 'Decide', question, { token: stack.gateway_token, deadline_ms: 3000 })).decision;

async function restart(environment) {
  disconnect();
  if (!stack.decider.how) await stack.decider.kill();
  await stack.start_decider(environment);
  connect();
}

// What happens to the attempts of one request, in order: a retry, a fallback, an answer.
const course = ['server_error', 'server_error', 'success'];

// One request on its way; it remembers every question with the answer that was acknowledged.
class Journey {
  constructor() {
    this.question = ask({ key: stack.key });
    this.next = this.question;
    this.acknowledged = [];
    this.adopted = false;
    this.last = undefined; // the newest decision, durable or not
  }

  get over() {
    return this.last?.action === 'ACTION_COMPLETE';
  }

  // One step. False: the decider went away and the answer, if there was one, is lost.
  async step() {
    const question = this.next;
    let decision;
    try {
      decision = await put(question);
    } catch (error) {
      if (error.code === status.FAILED_PRECONDITION) return this.step_with_admission(question, error);
      if ([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED].includes(error.code)) return false;
      throw error;
    }
    this.take(question, decision);
    return true;
  }

  // The admission was answered but never committed: the report goes again with its facts.
  async step_with_admission(question, error) {
    assert.equal(this.acknowledged.length, 0, `acknowledged, then not known: ${error.details}`);
    assert.ok(!question.admission, `refused with its admission: ${error.details}`);
    this.next = { ...question, admission: this.question.admission };
    this.adopted = true;
    adoptions++;
    return this.step();
  }

  take(question, decision) {
    if (decision.durable) this.acknowledged.push({ question, decision });
    if (question.boundary > 0) assert.ok(decision.durable, 'answers after an attempt are durable');
    this.last = decision;
    if (!this.over) this.next = report(this.question, decision, course[decision.attempt - 1]);
  }

  // After a restart: every acknowledged answer again, the same; then on to the end.
  async check() {
    for (const { question, decision } of this.acknowledged) {
      const again = await put(question);
      assert.equal(again.decision_id, decision.decision_id, `boundary ${question.boundary}`);
      for (const member of ['action', 'attempt', 'delay_ms', 'reason', 'failure', 'disposition'])
        assert.deepEqual(again[member], decision[member], `boundary ${question.boundary}: ${member}`);
      assert.equal(again.route?.id, decision.route?.id);
      assert.equal(again.durable, true);
    }
  }

  async finish() {
    for (let steps = 0; !this.over; steps++) {
      assert.ok(steps < 8, `no end after ${steps} steps`);
      assert.ok(await this.step(), 'the decider that was started again answers');
    }
    const { record } = await call(
      history,
      'GetRequest',
      { request_id: this.question.request_id },
      { token: stack.operator_token() },
    );
    assert.equal(record.disposition, 'DISPOSITION_FALLBACK_SUCCESS');
    assert.deepEqual(
      record.attempts.map((attempt) => attempt.provider),
      ['mock-a', 'mock-a', 'mock-b'],
    );
    assert.equal(record.adopted, this.adopted);
  }
}

// Several requests at once, each a step further again and again, until the decider is gone.
async function drive_until_gone(journeys) {
  const drive = async (journey) => {
    while (!journey.over && (await journey.step()));
  };
  await within(Promise.all(journeys.map(drive)), 10000);
}

async function check_all(journeys) {
  for (const journey of journeys) {
    await journey.check();
    await journey.finish();
  }
}

const points = [
  ...readFileSync(join(root, 'decider/store/kill_point.def'), 'utf8').matchAll(/^K\(\w+, "(\w+)"/gm),
].map(([, name]) => name);

// The decider ends itself at the n-th passing of a kill point while requests are on their way.
async function kill_at(point, n) {
  await restart({ SIGNALBOX_KILL_POINT: `${point}:${n}` });
  const journeys = Array.from({ length: 6 }, () => new Journey());
  await drive_until_gone(journeys);
  // Requests that all ended before the n-th passing leave it alive: more work brings it there.
  while (!(await within(stack.decider.exited, 50))) {
    const more = Array.from({ length: 3 }, () => new Journey());
    journeys.push(...more);
    assert.ok(journeys.length < 100, `${point}:${n} is never passed`);
    await drive_until_gone(more);
  }
  assert.equal(stack.decider.how.signal, 'SIGKILL', `${point}:${n}`);
  kills++;
  await restart();
  await check_all(journeys);
}

describe('kill points of the writer', () => {
  assert.ok(points.length >= 5);
  for (const point of points)
    for (const n of [1, 2, 5])
      test(`${point}, passing ${n}`, () => kill_at(point, n));
});

describe('between the steps of a request', () => {
  // steps: how many are answered before; the next question, if sent, dies with the decider.
  const moments = [
    { name: 'after the admission was sent, before its answer', steps: 0, sent: true },
    { name: 'after the admission was answered', steps: 1, sent: false },
    { name: 'after the first report was sent, before its answer', steps: 1, sent: true },
    { name: 'after the first report was acknowledged', steps: 2, sent: false },
    { name: 'after the last report was acknowledged', steps: 4, sent: false },
  ];
  const kill_between = async ({ steps, sent }) => {
    await restart();
    const journey = new Journey();
    for (let i = 0; i < steps; i++) assert.ok(await journey.step());
    const asked = sent ? journey.step() : undefined;
    if (asked) await new Promise(setImmediate);
    await stack.decider.kill();
    kills++;
    await asked;
    await restart();
    await check_all([journey]);
  };
  for (const moment of moments) test(moment.name, () => kill_between(moment));
});

test('a report whose admission was lost is adopted by its token', async () => {
  // The kill point before the commit loses the admission; its answer may be lost with it, so again.
  for (let tries = 0; tries < 20; tries++) {
    await restart({ SIGNALBOX_KILL_POINT: 'before_commit:1' });
    const journey = new Journey();
    const answered = await journey.step();
    await within(stack.decider.exited, 2000);
    kills++;
    await restart();
    if (!answered) continue;
    assert.equal(journey.last.durable, false);
    const error = await put(journey.next).then(assert.fail, (reason) => reason);
    assert.equal(error.code, status.FAILED_PRECONDITION);
    assert.match(`${error.metadata.get('grpc-status-details-bin')[0]}`, /ADMISSION_NEEDED/);
    await check_all([journey]);
    assert.equal(journey.adopted, true);
    return;
  }
  assert.fail('no admission was answered before its commit');
});

test(`${kills_wanted} kills in all`, async (t) => {
  let seed = Number(process.env.SIGNALBOX_SEED ?? Date.now() % 1000000);
  t.diagnostic(`seed ${seed}`);
  const random = (limit) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * limit);
  };
  while (kills < kills_wanted) await kill_at(points[random(points.length)], 1 + random(12));
  t.diagnostic(`${kills} kills, ${adoptions} adoptions`);
  assert.ok(kills >= kills_wanted);
});
