// Versions, percentages, roll back, switches and pins, as an operator uses them, with traffic
// through the edge.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { send } from './support/http.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('control');
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

async function ask() {
  const { status, headers } = await send(`${stack.base_url}/chat/completions`, {
    headers: stack.headers(),
    body: JSON.stringify({ model: 'demo-model', messages: [{ role: 'user', content: 'hello' }] }),
  });
  return {
    status,
    reason: headers['x-signalbox-reason'],
    policy: headers['x-signalbox-policy'],
    provider: headers['x-signalbox-provider'],
    disposition: headers['x-signalbox-disposition'],
  };
}

const document = (change) => {
  const policy = structuredClone(stack.published);
  change?.(policy);
  return stack.file('next.json', policy);
};

describe('a policy in its canonical form', () => {
  const dump = async (...words) => {
    const { code, stdout, stderr } = await stack.ctl.run(...words);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    return stdout;
  };

  test('is a document of its own that stays as it is when it is published', async () => {
    const policy_id = `${stack.policy_id}-dumped`;
    const words = ['policy', 'dump', policy_id];
    await stack.ctl.json(
      ...['policy', 'publish', document((policy) => (policy.policy_id = policy_id))],
    );
    const first = await dump(...words);
    assert.equal(JSON.parse(first).policy_id, policy_id);
    assert.equal(await dump('--output', 'json', ...words), first);
    const { policy } = await stack.ctl.json('policy', 'publish', stack.file('dump.json', first));
    assert.equal(policy.version, 2);
    assert.equal(await dump(...words), first);
    assert.equal(await dump(...words, '1'), first);
  });

  test('of a policy or a version that is not there is refused', async () => {
    for (const words of [['nobody'], [stack.policy_id, '999']]) {
      const { code, stdout } = await stack.ctl.run('policy', 'dump', ...words);
      assert.notEqual(code, 0);
      assert.equal(stdout, '');
    }
  });
});

describe('another primary', () => {
  test('needs a comparison of its own, which --missing asks for by name', async () => {
    const primary = 'primary-approved-at-mock-a';
    const draft = document((policy) => (policy.primary_route = { route: primary }));
    const words = ['policy', 'check', '--draft', draft];
    const { code, stdout, stderr } = await stack.ctl.run(...words, '--format', 'json');
    assert.equal(code, 1, stderr);
    const row = JSON.parse(stdout).entries[1].rows.find((item) => item.check === 'parity');
    assert.equal(row.verdict, 'block');
    assert.match(row.found, /^other_primary\b/);
    const missing = await stack.ctl.run(...words, '--missing');
    const blank = JSON.parse(missing.stdout).evidence.find((item) => item.kind === 'parity');
    assert.equal(blank.primary, primary);
  });
});

describe('versions', () => {
  let second;

  test('a version beside the active one takes its percentage, chosen by request id', async () => {
    const file = document((policy) => (policy.limits.max_output_tokens = 3999));
    const { policy } = await stack.ctl.json('policy', 'publish', file);
    second = policy.version;
    assert.equal(second, stack.policy_version + 1);
    assert.equal((await ask()).policy, `${stack.policy_id}@${stack.policy_version}`);
    const active = await stack.ctl.json(
      ...['policy', 'activate', stack.policy_id, String(second), '--percent', '30'],
    );
    assert.equal(active.canary.version, second);
    assert.equal(active.canary_percent, 30);
    assert.equal(active.policy.version, stack.policy_version);
    const seen = new Map();
    for (let i = 0; i < 200; i++) {
      const { policy: served } = await ask();
      seen.set(served, (seen.get(served) ?? 0) + 1);
    }
    const canary = seen.get(`${stack.policy_id}@${second}`);
    // 200 draws at 30 %: five standard deviations either side.
    assert.ok(canary > 27 && canary < 93, `${canary} of 200`);
    assert.equal(seen.size, 2);
  });

  test('whole, and rolled back again', async () => {
    await stack.ctl.json('policy', 'activate', stack.policy_id, String(second), '--percent', '100');
    assert.equal((await ask()).policy, `${stack.policy_id}@${second}`);
    const back = await stack.ctl.json('policy', 'rollback', stack.policy_id, '--reason', 'worse');
    assert.equal(back.policy.version, stack.policy_version);
    assert.equal((await ask()).policy, `${stack.policy_id}@${stack.policy_version}`);
  });

  test('the difference is told in fields and consequences', async () => {
    const diff = await stack.ctl.json(
      ...['policy', 'diff', stack.policy_id, String(stack.policy_version), String(second)],
    );
    assert.deepEqual(diff.fields, [
      { pointer: '/limits/max_output_tokens', before: '4000', after: '3999' },
    ]);
    assert.ok(diff.consequences.length >= 1);
  });

  test('an old etag changes nothing; a write id is carried out once', async () => {
    const refused = await stack.ctl.run('policy', 'activate', stack.policy_id, '--etag', '1');
    assert.equal(refused.code, 78, refused.stderr);
    const words = ['policy', 'activate', stack.policy_id, String(second), '--write-id', 'once'];
    const first = await stack.ctl.json(...words);
    const again = await stack.ctl.json(...words);
    assert.equal(again.etag, first.etag);
    const other = await stack.ctl.run('policy', 'activate', stack.policy_id, '1', '--write-id', 'once');
    assert.equal(other.code, 73, other.stderr);
    await stack.ctl.json('policy', 'rollback', stack.policy_id, '--reason', 'test');
  });

  test('the audit trail tells who, what and why', async () => {
    const { events } = await stack.ctl.json('audit', '--policy', stack.policy_id);
    const actions = events.map((event) => event.action);
    for (const action of ['publish_policy', 'activate_policy', 'roll_back_policy'])
      assert.ok(actions.includes(action), actions.join(' '));
    assert.ok(events.every((event) => event.by && event.at_unix_ms));
    assert.ok(events.some((event) => event.reason === 'worse'));
  });
});

describe('switches', () => {
  const turn = (on, ...words) =>
    stack.ctl.json('switch', on ? 'on' : 'off', ...words, '--reason', 'maintenance');

  // A drained primary is passed over where the entry names that.
  before(() =>
    stack.publish({
      evidence: [],
      policy: (policy) => policy.fallback_routes[0].allowed_reasons.push('account_drained'),
    }),
  );

  for (const words of [
    ['route', 'demo-at-mock-a'],
    ['account', 'mock-a-main'],
    ['provider', 'mock-a'],
  ])
    test(`${words[0]}: requests go elsewhere, at once`, async () => {
      await turn(false, ...words);
      const answer = await ask();
      assert.equal(answer.provider, 'mock-b');
      assert.match(answer.reason, /^account_drained/);
      assert.equal(await stack.chain(), 'b');
      const { switches } = await stack.ctl.json('switch', 'list');
      assert.deepEqual(
        switches.map((row) => [row.scope, row.name, row.reason]),
        [[words[0], words[1], 'maintenance']],
      );
      await turn(true, ...words);
      assert.equal((await ask()).provider, 'mock-a');
    });

  test('entry: the fallback is passed over', async () => {
    await turn(false, 'entry', stack.policy_id, 'demo-at-mock-b');
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask()).disposition, 'fail_closed');
    await turn(true, 'entry', stack.policy_id, 'demo-at-mock-b');
    assert.equal((await ask()).disposition, 'fallback_success');
  });

  test('policy: everything fails closed, also after a restart of the decider', async () => {
    await turn(false, 'policy', stack.policy_id);
    assert.deepEqual(
      [(await ask()).status, (await ask()).reason],
      [403, 'policy_switched_off'],
    );
    await stack.decider.stop();
    await stack.start_decider();
    assert.equal((await ask()).reason, 'policy_switched_off');
    await turn(true, 'policy', stack.policy_id);
    assert.equal((await ask()).status, 200);
  });

  test('what does not exist is not found; a reason is needed', async () => {
    const missing = await stack.ctl.run('switch', 'off', 'route', 'nowhere', '--reason', 'x');
    assert.equal(missing.code, 66, missing.stderr);
    const silent = await stack.ctl.run('switch', 'off', 'route', 'demo-at-mock-a');
    assert.notEqual(silent.code, 0);
  });
});

describe('pins', () => {
  const pin = (...words) => stack.ctl.run('pin', ...words);

  test('requests go to the pinned entry first, gates still applied', async () => {
    const set = await pin('set', stack.policy_id, 'demo-at-mock-b', '--for', '1h', '--reason', 'drill');
    assert.equal(set.code, 0, set.stderr);
    const answer = await ask();
    assert.equal(answer.provider, 'mock-b');
    assert.match(answer.reason, /^pinned/);
    const { pins } = await stack.ctl.json('pin', 'list');
    assert.equal(pins[0].entry, 'demo-at-mock-b');
    await pin('remove', stack.policy_id, '--reason', 'over');
    assert.equal((await ask()).provider, 'mock-a');
  });

  test('an entry that is not approved cannot be pinned', async () => {
    const { evidence } = await stack.ctl.json(
      ...['evidence', 'list', '--workload', 'demo-chat', '--environment', 'production'],
    );
    const parity = evidence.find((item) => item.kind === 'parity');
    await (await stack.reviewer()).json(
      ...['evidence', 'revoke', parity.evidence_id, '--reason', 'found a difference'],
    );
    const refused = await pin('set', stack.policy_id, 'demo-at-mock-b', '--for', '1h', '--reason', 'x');
    assert.equal(refused.code, 78, refused.stderr);
    assert.match(refused.stderr, /parity/);
  });
});
