// Rollback rules: each trips by itself under a forced failure, switches the fallback entry off and
// never the primary, shows in the next trace, survives a restart, and cannot be tripped by one
// tenant while others are served well. Driven over gRPC as any gateway reports.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { piece } from './support/evidence.mjs';
import { call, credentials, reflect } from './support/grpc.mjs';
import { ask, report } from './support/question.mjs';
import { start_stack } from './support/stack.mjs';

const place = { workflow: 'demo-chat', environment: 'production' };
const entry = 'demo-at-mock-b';

let stack, decisions, keys;

before(async () => {
  stack = await start_stack('rollback', { edge: false });
  const { root } = await reflect(stack.target);
  decisions = new root.signalbox.v1.DecisionService(stack.target, credentials.createInsecure());
  keys = [];
  for (const tenant of ['one', 'two'])
    keys.push(
      (
        await stack.make_key(
          ...['--role', 'client', '--tenant', tenant],
          ...['--default-workload', 'demo-chat', '--default-environment', 'production'],
        )
      ).secret,
    );
});
after(async () => {
  decisions?.close();
  await stack?.stop();
});

const decide = (question) =>
  call(decisions, 'Decide', { ...question, want_trace: true }, { token: stack.gateway_token }).then(
    (answer) => answer.decision,
  );

// A request of a key whose primary fails and whose fallback ends as how and more say. Returns the
// last decision, and that after the primary's failure.
async function fall_back(key, how = 'success', more = {}) {
  const question = ask({ key });
  const admitted = await decide(question);
  const second = await decide(report(question, admitted, 'server_error'));
  if (second.action !== 'ACTION_FALLBACK') return { second };
  return { second, last: await decide(report(question, second, how, more)), question };
}

async function primary_answers(key, more = {}) {
  const question = ask({ key });
  return decide(report(question, await decide(question), 'success', more));
}

const off = async () =>
  (await stack.ctl.json('switch', 'list')).switches?.find(
    (row) => row.policy_id === stack.policy_id && row.name === entry,
  );

const flags = {
  schema_failures: 'disable_on_schema_failures',
  cost_spike: 'disable_on_unapproved_cost_spike',
  boundary_error: 'disable_on_policy_boundary_error',
  refusal_rate: 'disable_on_quality_regression',
  negative_feedback: 'disable_on_quality_regression',
  failed_eval: 'disable_on_quality_regression',
  missing_reports: 'disable_on_missing_reports',
  model_mismatch: 'disable_on_model_mismatch',
};

async function publish(rule, thresholds) {
  await stack.publish({
    evidence: [],
    policy(policy) {
      policy.policy_id = `rollback-${rule.replaceAll('_', '-')}`;
      policy.retry.max_retries_per_route = 0;
      policy.rollback = { disable_on_model_mismatch: false, [flags[rule]]: true };
      if (thresholds) policy.rollback.thresholds = { [rule]: thresholds };
    },
  });
}

const few = { min_samples: 4, percent: 50 };
const bad_usage = [
  { unit: 'UNIT_INPUT_TOKEN', amount: '9' },
  { unit: 'UNIT_OUTPUT_TOKEN', amount: '3000' },
];

// good and bad: how the fallback's attempt ends. bad may also be a function.
const rules = [
  {
    rule: 'schema_failures',
    thresholds: few,
    bad: { schema_validation: 'SCHEMA_VALIDATION_FAILED' },
  },
  { rule: 'cost_spike', thresholds: few, bad: { usage: bad_usage }, warm: true },
  { rule: 'boundary_error', thresholds: undefined, bad: { reported_region: 'elsewhere' }, once: true },
  { rule: 'refusal_rate', thresholds: few, bad: { finish: 'FINISH_REFUSAL' } },
  { rule: 'missing_reports', thresholds: few, bad: { usage: [] } },
  { rule: 'model_mismatch', thresholds: undefined, bad: { reported_model: 'another' }, once: true },
];

async function restart_decider() {
  await stack.decider.stop();
  await stack.start_decider();
}

async function check_off(rule) {
  const row = await off();
  assert.ok(row, 'nothing is switched off');
  assert.equal(row.scope, 'entry');
  assert.equal(row.policy_id, stack.policy_id);
  assert.equal(row.rule, rule);
  const { second } = await fall_back(keys[0]);
  assert.equal(second.action, 'ACTION_FAIL_CLOSED');
  assert.equal(second.reason, 'REASON_NO_ELIGIBLE_ROUTE');
  const item = second.trace.items.find((it) => it.check === 'switch' && it.verdict === 'VERDICT_BLOCK');
  assert.ok(item, JSON.stringify(second.trace.items.map((it) => it.check)));
  assert.match(item.found, new RegExp(rule));
  assert.equal((await primary_answers(keys[0])).action, 'ACTION_COMPLETE');
}

for (const { rule, thresholds, bad, once, warm } of rules)
  describe(rule, () => {
    before(() => publish(rule, thresholds));

    test('good answers do not trip it', async () => {
      for (let i = 0; i < 6; i++) assert.ok((await fall_back(keys[i % 2])).last);
      if (warm) for (let i = 0; i < 30; i++) await primary_answers(keys[i % 2]);
      assert.equal(await off(), undefined);
    });

    if (!once)
      test('one tenant alone does not, while another is served well', async () => {
        for (let i = 0; i < 12; i++) await fall_back(keys[0], 'success', bad);
        assert.equal(await off(), undefined);
      });

    test('it trips, shows in the next trace, survives a restart, and the operator turns it on', async () => {
      for (let i = 0; i < 16 && !(await off()); i++) await fall_back(keys[i % 2], 'success', bad);
      await check_off(rule);
      await restart_decider();
      await check_off(rule);
      const audit = await stack.ctl.json('audit', '--policy', stack.policy_id);
      assert.ok(
        audit.events.some((event) => event.action === 'rule_tripped' && event.subject === entry),
        JSON.stringify(audit.events),
      );
      await stack.ctl.json('switch', 'on', 'entry', stack.policy_id, entry, '--reason', 'looked at it');
      assert.equal((await fall_back(keys[0])).second.action, 'ACTION_FALLBACK');
    });
  });

describe('negative_feedback', () => {
  before(() => publish('negative_feedback', few));

  const say_bad = (id) => stack.ctl.run('feedback', id, 'negative', '--source', 'user');

  test('bad words of one tenant do not, however often it says them', async () => {
    const answered = [];
    for (let i = 0; i < 12; i++) {
      const { question } = await fall_back(keys[i % 2]);
      if (i % 2) answered.push(question.request_id);
    }
    for (const id of answered) for (let i = 0; i < 3; i++) await say_bad(id);
    assert.equal(await off(), undefined);
  });

  test('bad words of two tenants on answers of the fallback trip it', async () => {
    const answered = [];
    for (let i = 0; i < 6; i++) answered.push((await fall_back(keys[i % 2])).question.request_id);
    for (const id of answered) await say_bad(id);
    await check_off('negative_feedback');
    await restart_decider();
    await check_off('negative_feedback');
    await stack.ctl.json('switch', 'on', 'entry', stack.policy_id, entry, '--reason', 'looked at it');
  });
});

describe('failed_eval', () => {
  before(() => publish('failed_eval'));

  test('a failed re-evaluation trips it at once', async () => {
    assert.equal((await fall_back(keys[0])).second.action, 'ACTION_FALLBACK');
    await stack.approve([
      piece('eval', place, { model: 'demo-model' }, { passed: false, pass_rate_percent: 60 }),
    ]);
    await check_off('failed_eval');
    await restart_decider();
    await check_off('failed_eval');
  });
});

describe('a malformed request', () => {
  before(() => publish('schema_failures', few));

  test('does not count, however often a tenant sends it', async () => {
    for (let i = 0; i < 20; i++) await fall_back(keys[i % 2], 'invalid_request');
    assert.equal(await off(), undefined);
  });
});
