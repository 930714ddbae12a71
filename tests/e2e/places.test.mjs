// Whose accounts serve whom, seen at the edge: equivalent routes by weight, premium entries, accounts
// that a tenant brought, accounts that only some addresses may use, paid tiers.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { piece, same_model } from './support/evidence.mjs';
import { send } from './support/http.mjs';
import { start_stack } from './support/stack.mjs';

const place = { workflow: 'demo-chat', environment: 'production' };
const at_b = 'demo-at-mock-b';
const twin = 'demo-at-mock-b-2'; // the same model at the same provider, in another account

let stack;
const keys = {};

// The fallback named by its route's id, which stays exact when the catalog grows.
function by_route(policy) {
  const { model, provider, ...rest } = policy.fallback_routes[0];
  policy.fallback_routes = [{ ...rest, route: at_b }];
}

before(async () => {
  stack = await start_stack('places', { catalog: with_twin, policy: by_route });
  for (const tenant of ['acme', 'globex'])
    keys[tenant] = await stack.make_key(
      ...['--role', 'client', '--tenant', tenant],
      ...['--default-workload', place.workflow, '--default-environment', place.environment],
    );
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

async function ask(tenant = 'acme', body = {}) {
  const { status, headers, text } = await send(`${stack.base_url}/chat/completions`, {
    headers: stack.headers({ authorization: `Bearer ${keys[tenant].secret}` }),
    body: JSON.stringify({
      model: 'demo-model',
      messages: [{ role: 'user', content: 'hello' }],
      ...body,
    }),
  });
  const told = (name) => headers[`x-signalbox-${name}`];
  return {
    status,
    text,
    provider: told('provider'),
    disposition: told('disposition'),
    reason: told('reason'),
    tier: told('tier'),
  };
}

// A refusal by one gate's check, as the edge and `request show` tell it.
async function assert_refused(answer, gate, check, more = /./) {
  assert.equal(answer.disposition, 'fail_closed', JSON.stringify(answer));
  assert.match(answer.reason, new RegExp(`;gate=${gate};check=${check}\\b`));
  assert.match(answer.reason, more);
  const { stdout } = await stack.ctl.run('request', 'show', '--last');
  assert.match(stdout, new RegExp(`${gate}[/ ]+${check}`), stdout);
}

function with_twin(catalog) {
  catalog.accounts.push({ ...account_of(catalog, 'mock-b-main'), id: 'mock-b-second' });
  catalog.routes.push({ ...route_of(catalog, at_b), id: twin, account: 'mock-b-second' });
}
const route_of = (catalog, id) => catalog.routes.find((route) => route.id === id);
const account_of = (catalog, id) => catalog.accounts.find((account) => account.id === id);

// Without a retry on the way, under a name of its own.
function direct(policy, id) {
  by_route(policy);
  policy.policy_id = id;
  policy.retry.max_retries_per_route = 0;
}

describe('equivalent routes', () => {
  before(() =>
    stack.publish({
      evidence: [...same_model(place, at_b), ...same_model(place, twin)],
      catalog: with_twin,
      policy(policy) {
        direct(policy, 'weights');
        const { route, ...rest } = policy.fallback_routes[0];
        const weighted = [[route, 3], [twin, 1]].map(([name, weight]) => ({ route: name, weight }));
        policy.fallback_routes = [{ ...rest, routes: weighted }];
      },
    }),
  );

  test('the checklist asks for evidence of each', async () => {
    const { code, stdout } = await stack.ctl.run('policy', 'check', 'weights');
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(twin));
  });

  test('take their shares of the requests', async () => {
    await stack.mock_a.tell({ behaviour: 'server_error' });
    const seen = { [at_b]: 0, [twin]: 0 };
    for (let i = 0; i < 120; i++) {
      assert.equal((await ask()).disposition, 'fallback_success');
      seen[(await stack.last_request()).selected_route]++;
    }
    // 120 draws at 3 of 4: five standard deviations either side.
    assert.ok(seen[at_b] > 66 && seen[at_b] < 114, JSON.stringify(seen));
  });

  test('one that is switched off, or whose evidence is gone, leaves its share to the other', async () => {
    await stack.mock_a.tell({ behaviour: 'server_error' });
    const all_at = async (route) => {
      for (let i = 0; i < 12; i++) {
        assert.equal((await ask()).disposition, 'fallback_success');
        assert.equal((await stack.last_request()).selected_route, route);
      }
    };
    await stack.ctl.json('switch', 'off', 'account', 'mock-b-main', '--reason', 'drain');
    await all_at(twin);
    await stack.ctl.json('switch', 'on', 'account', 'mock-b-main', '--reason', 'done');
    const { evidence } = await stack.ctl.json('evidence', 'list', '--kind', 'boundary_approval');
    const approval = evidence.find((item) => item.route === twin || item.subject === twin);
    assert.ok(approval, JSON.stringify(evidence));
    await (await stack.reviewer()).json(
      ...['evidence', 'revoke', approval.evidence_id, '--reason', 'not any more'],
    );
    await all_at(at_b);
  });
});

describe('a premium entry', () => {
  before(() =>
    stack.publish({
      catalog: with_twin,
      policy(policy) {
        direct(policy, 'premium');
        policy.fallback_routes[0].premium = { tenants: ['acme'] };
      },
    }),
  );

  test('serves the tenants that it names', async () => {
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask('acme')).disposition, 'fallback_success');
  });

  test('and no other', async () => {
    await stack.mock_a.tell({ behaviour: 'server_error' });
    await assert_refused(await ask('globex'), 'cost', 'premium');
    assert.equal(await stack.chain(), 'a');
  });

  test('by key: only that key of the tenant', async () => {
    await stack.publish_policy({
      ...stack.published,
      policy_id: 'premium-key',
      fallback_routes: [
        { ...stack.published.fallback_routes[0], premium: { keys: [keys.globex.key.key_id] } },
      ],
    });
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask('globex')).disposition, 'fallback_success');
    await assert_refused(await ask('acme'), 'cost', 'premium');
  });
});

describe("a tenant's own account", () => {
  before(() =>
    stack.publish({
      catalog(catalog) {
        with_twin(catalog);
        account_of(catalog, 'mock-b-main').tenant = 'acme';
      },
      policy(policy) {
        direct(policy, 'own-account');
      },
    }),
  );

  test('serves that tenant', async () => {
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask('acme')).provider, 'mock-b');
  });

  test("never another's request", async () => {
    await stack.mock_a.tell({ behaviour: 'server_error' });
    await assert_refused(await ask('globex'), 'boundary', 'account', /another tenant's key/);
    assert.equal(await stack.chain(), 'a');
  });
});

describe('an account with an IP allow-list', () => {
  const publish = (networks) =>
    stack.publish({
      catalog(catalog) {
        with_twin(catalog);
        account_of(catalog, 'mock-b-main').ip_allow_list = networks;
      },
      policy(policy) {
        direct(policy, 'addresses');
      },
    });

  test('serves callers on it', async () => {
    await publish(['10.0.0.0/8', '127.0.0.0/8']);
    await stack.mock_a.tell({ behaviour: 'server_error' });
    assert.equal((await ask()).disposition, 'fallback_success');
  });

  test('and refuses all others; what a client says of its address does not count', async () => {
    await publish(['10.0.0.0/8']);
    await stack.mock_a.tell({ behaviour: 'server_error' });
    await assert_refused(await ask(), 'boundary', 'network', /127\.0\.0\.1/);
    const { headers } = await send(`${stack.base_url}/chat/completions`, {
      headers: stack.headers({
        authorization: `Bearer ${keys.acme.secret}`,
        'x-forwarded-for': '10.1.2.3',
        'x-real-ip': '10.1.2.3',
        forwarded: 'for=10.1.2.3',
      }),
      body: JSON.stringify({ model: 'demo-model', messages: [{ role: 'user', content: 'hi' }] }),
    });
    assert.match(headers['x-signalbox-reason'], /check=network/);
  });
});

describe('an account of another owner', () => {
  test("needs that owner's approval, and serves with it", async () => {
    await stack.publish({
      catalog(catalog) {
        with_twin(catalog);
        account_of(catalog, 'mock-b-main').owner = 'research';
      },
      evidence: same_model(place, at_b),
      policy(policy) {
        direct(policy, 'spill');
      },
    });
    await stack.mock_a.tell({ behaviour: 'server_error' });
    await assert_refused(await ask(), 'cost', 'spill');
    await stack.approve([piece('account_owner_approval', place, { route: at_b })]);
    assert.equal((await ask()).disposition, 'fallback_success');
  });
});
