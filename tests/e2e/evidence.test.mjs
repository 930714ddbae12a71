// The template as it is: published, its checklist is no-go and names what is missing; exactly that
// evidence makes it go, and the fallback happens; what expires, is taken back or is voided stops it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { piece } from './support/evidence.mjs';
import { send } from './support/http.mjs';
import { policies } from './support/place.mjs';
import { until } from './support/process.mjs';
import { start_stack } from './support/stack.mjs';

const id = 'support-chat-fallback-v1';
const place = { workflow: 'customer-support-chat', environment: 'production' };
const backup = { route: 'approved-backup-at-mock-b' };
const template = join(policies, `${id}.json`);
const listed = [
  ...['evidence', 'list'],
  ...['--workload', place.workflow, '--environment', place.environment],
];
const needed = JSON.parse(readFileSync(join(policies, 'evidence', `${id}.json`), 'utf8')).evidence;

let stack, key, catalog;

before(async () => {
  stack = await start_stack('evidence', { catalog: (document) => (catalog = document) });
  const created = await stack.make_key(
    ...['--role', 'client', '--tenant', 'acme', '--default-workload', place.workflow],
    ...['--default-environment', place.environment, '--default-data-class', 'customer_content'],
  );
  key = created.secret;
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

// {code, go, missing: ["gate/check", ...]} of the checklist.
async function check(...words) {
  const { code, stdout, stderr } = await stack.ctl.run(
    ...['policy', 'check', ...(words.length ? words : [id]), '--format', 'json'],
  );
  assert.ok(code === 0 || code === 1, stderr);
  const list = JSON.parse(stdout);
  const missing = list.entries
    .flatMap((entry) => entry.rows ?? [])
    .filter((row) => row.verdict === 'block')
    .map((row) => `${row.gate}/${row.check}`);
  return { code, go: list.go ?? false, missing, list };
}

async function ask(more = {}) {
  const answer = await send(`${stack.base_url}/chat/completions`, {
    headers: { ...stack.headers(), authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model: 'primary-approved-model',
      messages: [{ role: 'user', content: 'hello' }],
      tools: [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }],
      ...more,
    }),
  });
  return {
    status: answer.status,
    disposition: answer.headers['x-signalbox-disposition'],
    reason: answer.headers['x-signalbox-reason'],
    tier: answer.headers['x-signalbox-tier'],
    model: answer.headers['x-signalbox-selected-model'],
  };
}

// What kept the last request's fallback from following its first attempt.
async function blocking() {
  const { record } = await stack.ctl.json('request', 'show', '--last');
  const [first] = record.attempts;
  return `${first.blocking_gate}/${first.blocking_check}`;
}

const put = async (pieces) => (await stack.approve(pieces)).evidence;
const revoke = async (evidence_id) =>
  (await stack.reviewer()).json('evidence', 'revoke', evidence_id, '--reason', 'test');

describe('the template, unchanged', () => {
  test('is published as it is, and its checklist is no-go and says what is missing', async () => {
    const { policy } = await stack.ctl.json('policy', 'publish', template);
    assert.equal(policy.version, 1);
    const { code, go, missing } = await check();
    assert.equal(code, 1);
    assert.equal(go, false);
    assert.deepEqual(missing.sort(), [
      'boundary/boundary_approval',
      'cost/cost_owner',
      'cost/quota_owner',
      'quality/eval',
      'quality/parity',
      'quality/sign_off',
      'tools/tool_contract',
    ]);
  });

  test('the table and the Markdown tell it to people', async () => {
    for (const format of ['table', 'markdown']) {
      const { code, stdout } = await stack.ctl.run('policy', 'check', id, '--format', format);
      assert.equal(code, 1);
      assert.match(stdout, /NO-GO/);
      for (const word of ['sign_off', 'cost_owner', 'tool_contract', 'approved-backup-at-mock-b'])
        assert.match(stdout, new RegExp(word), format);
    }
  });

  test('active without evidence: the primary serves, the fallback does not', async () => {
    await stack.ctl.json('policy', 'activate', id);
    assert.equal((await ask()).disposition, 'primary_success');
    await stack.mock_a.tell({ behaviour: 'server_error' });
    const refused = await ask();
    assert.equal(refused.disposition, 'fail_closed');
    assert.doesNotMatch(await stack.chain(), /b/);
    assert.equal(await blocking(), 'quality/parity');
  });

  test("evidence put by the policy's author does not count", async () => {
    const file = stack.file('own.json', { evidence: needed });
    const { evidence } = await stack.ctl.json('evidence', 'put', file);
    const { go, list } = await check();
    assert.equal(go, false);
    const rows = list.entries[1].rows.filter((row) => row.verdict === 'block');
    for (const row of rows) assert.match(row.found, /author/, JSON.stringify(row));
    for (const item of evidence) await revoke(item.evidence_id);
  });

  test('exactly the missing evidence makes it go, and the fallback happens', async () => {
    const kinds = needed.map((item) => item.kind);
    for (const left_out of needed) {
      const items = await put(needed.filter((item) => item !== left_out));
      assert.equal((await check()).go, false, `go without ${left_out.kind} ${left_out.role ?? ''}`);
      for (const item of items) await revoke(item.evidence_id);
    }
    const items = await put(needed);
    assert.deepEqual(
      items.map((item) => item.kind),
      kinds,
    );
    const { code, go, missing } = await check();
    assert.deepEqual({ code, go, missing }, { code: 0, go: true, missing: [] });
    await stack.mock_a.tell({ behaviour: 'server_error' });
    const { status, disposition, tier, model } = await ask();
    assert.deepEqual(
      { status, disposition, tier, model },
      {
        status: 200,
        disposition: 'fallback_success',
        tier: 'different_family',
        model: 'approved-backup-model',
      },
    );
    const { record } = await stack.ctl.json('request', 'show', '--last');
    assert.equal(record.tier, 'different_family');
  });

  test('expiring one piece stops it, without anybody doing anything', async () => {
    const { evidence } = await stack.ctl.json(...listed, '--kind', 'eval');
    const soon = new Date(Date.now() + 4000).toISOString();
    const [before_expiry] = evidence;
    await put([{ ...needed.find((item) => item.kind === 'eval'), expires: soon }]);
    await revoke(before_expiry.evidence_id);
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask()).disposition, 'fallback_success');
    await until(async () => (await ask()).disposition === 'fail_closed', 12000);
    assert.equal(await blocking(), 'quality/eval');
    const { missing, list } = await check();
    assert.deepEqual(missing, ['quality/eval']);
    assert.match(JSON.stringify(list), /expired/);
    await put([needed.find((item) => item.kind === 'eval')]);
    assert.equal((await check()).go, true);
  });

  test('another price voids the cost evidence and nothing else', async () => {
    const changed = structuredClone(catalog);
    const route = changed.routes.find((r) => r.id === backup.route);
    route.prices.output = 2.6;
    const file = stack.file('catalog-2.json', changed);
    const review = await stack.ctl.json('catalog', 'review', file);
    const all = await stack.ctl.json(...listed);
    const cost = all.evidence.filter((item) => item.kind === 'cost_owner').map((e) => e.evidence_id);
    assert.deepEqual(review.voided_evidence, cost);
    assert.ok(review.touched_policies.some((line) => line.startsWith(`${id}@1`)));
    assert.ok(
      review.changes.some((change) => change.pointer === `/routes/${backup.route}/prices/output`),
      JSON.stringify(review.changes),
    );
    assert.equal((await check()).go, true, 'a review changed something');
    await stack.ctl.json(
      ...['catalog', 'publish', file, '--expect-version', String(review.compared_version)],
    );
    const { missing, list } = await check();
    assert.deepEqual(missing, ['cost/cost_owner']);
    assert.match(JSON.stringify(list), /voided/);
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask()).disposition, 'fail_closed');
    assert.equal(await blocking(), 'cost/cost_owner');
    const late = await stack.ctl.run(
      ...['catalog', 'publish', template, '--expect-version', String(review.compared_version)],
    );
    assert.equal(late.code === 0, false);
    await put([needed.find((item) => item.kind === 'cost_owner')]);
    assert.equal((await ask()).disposition, 'fallback_success');
  });

  test('old requests are still decided again as they were', async () => {
    const { code, stdout } = await stack.ctl.run('replay', '--last');
    assert.equal(code, 0, stdout);
  });
});

describe('scope', () => {
  test('evidence of another workload or environment lets nothing fall back', async () => {
    const { evidence } = await stack.ctl.json(...listed, '--kind', 'eval');
    for (const elsewhere of [{ workflow: 'another' }, { environment: 'staging' }])
      await put([piece('eval', { ...place, ...elsewhere }, { model: 'approved-backup-model' })]);
    for (const item of evidence) await revoke(item.evidence_id);
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask()).disposition, 'fail_closed');
    assert.equal(await blocking(), 'quality/eval');
    await put([needed.find((item) => item.kind === 'eval')]);
    assert.equal((await ask()).disposition, 'fallback_success');
  });

  test('evidence for one prompt version lets only that prompt fall back', async () => {
    const { evidence } = await stack.ctl.json(...listed, '--kind', 'eval');
    await put([
      piece('eval', place, { model: 'approved-backup-model' }, { scope: { prompt_version: '7' } }),
    ]);
    for (const item of evidence) await revoke(item.evidence_id);
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask()).disposition, 'fail_closed');
    assert.equal(await blocking(), 'quality/eval');
  });
});

describe('a document of evidence', () => {
  const compare_with = (primary) => (p) =>
    Object.assign(p, piece('parity', place, backup, { primary }));

  for (const [what, change, found] of [
    ['an unknown kind', (p) => (p.kind = 'rumour'), /unknown_name/],
    ['an unknown route', (p) => (p.route = 'nowhere'), /unknown_name/],
    ['a comparison with nothing', compare_with(undefined), /missing_field/],
    ['a comparison with an unknown route', compare_with('nowhere'), /unknown_name/],
    ['a comparison with itself', compare_with(backup.route), /contradiction/],
    ['a field of another kind', (p) => (p.eval_set = 'x'), /unknown_field/],
    ['no owner', (p) => delete p.owner, /missing_field/],
    ['no expiry', (p) => delete p.expires, /missing_field/],
    ['a day that is none', (p) => (p.expires = '2026-02-30'), /bad_date/],
  ])
    test(`with ${what} is refused with its place, and nothing is stored`, async () => {
      const wrong = piece('quota_owner', place, backup);
      change(wrong);
      const file = stack.file('wrong.json', { evidence: [piece('quota_owner', place, backup), wrong] });
      const before_put = await stack.ctl.json('evidence', 'list', '--revoked');
      const { code, stdout, stderr } = await (await stack.reviewer()).run('evidence', 'put', file);
      assert.equal(code, 65, stdout + stderr);
      assert.match(stdout + stderr, found);
      assert.match(stdout + stderr, /\/evidence\/1/);
      const after_put = await stack.ctl.json('evidence', 'list', '--revoked');
      assert.equal(after_put.evidence.length, before_put.evidence.length);
    });
});

describe("a team's tests of its policy", () => {
  const tests = join(policies, 'tests', `${id}.json`);

  test('pass, and say what they reached', async () => {
    const { evidence } = await stack.ctl.json(...listed);
    for (const item of evidence) if (item.kind === 'eval') await revoke(item.evidence_id);
    await put([needed.find((item) => item.kind === 'eval')]);
    const { code, stdout, stderr } = await stack.ctl.run('policy', 'test', tests);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /rules reached/);
  });

  test('fail when the policy does something else', async () => {
    const document = JSON.parse(readFileSync(tests, 'utf8'));
    document.tests[0].steps[0].expect = { action: 'queue' };
    const { code, stdout } = await stack.ctl.run('policy', 'test', stack.file('t.json', document));
    assert.equal(code, 1);
    assert.match(stdout, /\/tests\/0\/steps\/0\/expect\/action/);
  });
});
