// One request for each gate that this gate alone refuses: seen over gRPC, in `request show`, and in
// the edge's reason header.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { call, credentials, reflect } from './support/grpc.mjs';
import { send } from './support/http.mjs';
import { ask, report } from './support/question.mjs';
import { start_stack } from './support/stack.mjs';

let stack, decisions;

before(async () => {
  stack = await start_stack('gates', {
    catalog(catalog) {
      const b = catalog.routes.find((route) => route.id === 'demo-at-mock-b');
      b.data_classes = ['unclassified', 'customer_content'];
      b.lacks = ['log_probabilities', 'streaming'];
    },
  });
  const { root } = await reflect(stack.target);
  decisions = new root.signalbox.v1.DecisionService(stack.target, credentials.createInsecure());
});
after(async () => {
  decisions?.close();
  await stack?.stop();
});
beforeEach(() => stack.forget());

const decide = (question) =>
  call(decisions, 'Decide', { ...question, want_trace: true }, { token: stack.gateway_token }).then(
    (answer) => answer.decision,
  );

// policy: what is changed in the example's; body, headers: of the request that is refused;
// facts: the same over gRPC; the rest is what must be told.
const cases = [
  {
    gate: 'quality',
    check: 'eval',
    policy: (policy) => (policy.fallback_routes[0].requires_eval_pass = true),
    found: 'none',
    owner: 'support-platform',
  },
  {
    gate: 'cost',
    check: 'cost_owner',
    policy: (policy) => (policy.fallback_routes[0].requires_cost_owner = true),
    found: 'none',
    owner: 'support-platform',
  },
  {
    gate: 'tools',
    check: 'capabilities',
    body: { logprobs: true },
    facts: { needs: ['NEED_LOG_PROBABILITIES'] },
    needed: /log_probabilities/,
    owner: 'platform',
  },
  {
    gate: 'streaming',
    check: 'semantics',
    body: { stream: true },
    facts: { stream: true },
    found: /does not stream/,
  },
  {
    gate: 'boundary',
    check: 'data_class',
    headers: { 'x-signalbox-data-class': 'internal' },
    facts: { data_classes: ['DATA_CLASS_INTERNAL'] },
    needed: /internal/,
    owner: 'platform',
  },
];

function matches(found, expected, what) {
  if (expected instanceof RegExp) assert.match(found, expected, what);
  else if (expected !== undefined) assert.equal(found, expected, what);
}

function check_blocked(blocked, expected) {
  assert.equal(blocked.gate, `GATE_${expected.gate.toUpperCase()}`);
  assert.equal(blocked.check, expected.check);
  matches(blocked.found, expected.found, 'found');
  matches(blocked.needed, expected.needed, 'needed');
  matches(blocked.owner, expected.owner, 'owner');
}

async function publish(change = () => {}) {
  await stack.publish({
    evidence: [],
    policy(policy) {
      policy.owner = 'support-platform';
      policy.retry.max_retries_per_route = 0;
      change(policy);
    },
    catalog(catalog) {
      const b = catalog.routes.find((route) => route.id === 'demo-at-mock-b');
      b.data_classes = ['unclassified', 'customer_content'];
      b.lacks = ['log_probabilities', 'streaming'];
    },
  });
}

for (const expected of cases) {
  describe(`gate ${expected.gate}`, () => {
    before(() => publish(expected.policy));

    test('over gRPC: the fallback is refused by it alone, with found, needed and owner', async () => {
      const question = ask({ key: stack.key, ...expected.facts });
      const admitted = await decide(question);
      assert.equal(admitted.action, 'ACTION_SEND');
      const refused = await decide(report(question, admitted, 'server_error'));
      assert.equal(refused.action, 'ACTION_FAIL_CLOSED');
      assert.equal(refused.reason, 'REASON_NO_ELIGIBLE_ROUTE');
      check_blocked(refused.blocked, expected);
      const blocking = refused.trace.items.filter((item) => item.verdict === 'VERDICT_BLOCK');
      assert.deepEqual(
        [...new Set(blocking.map((item) => item.gate))],
        [`GATE_${expected.gate.toUpperCase()}`],
        JSON.stringify(blocking),
      );
    });

    test('through the edge: the reason header, and request show', async () => {
      await stack.mock_a.tell({ behaviour: 'server_error' });
      const answer = await send(`${stack.base_url}/chat/completions`, {
        headers: stack.headers(expected.headers),
        body: JSON.stringify({
          model: 'demo-model',
          messages: [{ role: 'user', content: 'hello' }],
          ...expected.body,
        }),
      });
      assert.equal(answer.headers['x-signalbox-disposition'], 'fail_closed', answer.text);
      const reason = answer.headers['x-signalbox-reason'];
      assert.ok(reason.startsWith('no_eligible_route;'), reason);
      assert.match(reason, new RegExp(`gate=${expected.gate}\\b`));
      assert.match(reason, new RegExp(`check=${expected.check}\\b`));
      assert.equal(await stack.chain(), 'a');
      const { stdout } = await stack.ctl.run('request', 'show', '--last');
      const refused = stdout.slice(stdout.indexOf('Refused by'), stdout.indexOf('Outcome'));
      for (const word of [expected.gate, expected.check]) assert.match(refused, new RegExp(word), stdout);
      for (const name of ['found', 'needed', 'owner']) {
        if (expected[name] === undefined) continue;
        const word = expected[name] instanceof RegExp ? expected[name].source : expected[name];
        assert.match(reason, new RegExp(`;${name}=[^;]*${word}`));
        assert.match(refused, new RegExp(word), stdout);
      }
    });
  });
}

describe('gate observability', () => {
  before(() =>
    publish((policy) => {
      policy.fallback_routes = [];
      policy.logging = { record_usage_and_cost: false };
    }),
  );

  test('a policy that does not record is never served', async () => {
    const refused = await decide(ask({ key: stack.key }));
    assert.equal(refused.action, 'ACTION_FAIL_CLOSED');
    assert.equal(refused.reason, 'REASON_GATE_BLOCKED');
    check_blocked(refused.blocked, {
      gate: 'observability',
      check: 'usage_and_cost',
      found: 'not recorded',
      needed: 'recorded',
      owner: 'support-platform',
    });
  });

  test('the edge says so', async () => {
    const answer = await send(`${stack.base_url}/chat/completions`, {
      headers: stack.headers(),
      body: JSON.stringify({ model: 'demo-model', messages: [{ role: 'user', content: 'hello' }] }),
    });
    assert.equal(answer.status, 403);
    assert.match(answer.headers['x-signalbox-reason'], /^gate_blocked;.*gate=observability/);
    assert.match(answer.headers['x-signalbox-reason'], /check=usage_and_cost/);
    const { stdout } = await stack.ctl.run('request', 'show', '--last');
    assert.match(stdout, /observability/);
    assert.match(stdout, /usage_and_cost/);
  });
});
