// The example policies, one per traffic class, as a team takes them over, on providers.json: published
// as they are; the checklist says what is missing; the documents that --missing writes, filled in, are
// exactly what makes it go; activated, each serves and then does what its class is for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { filled } from './support/evidence.mjs';
import { send } from './support/http.mjs';
import { policies } from './support/place.mjs';
import { start_stack, timeouts_ms } from './support/stack.mjs';

const read = (file) => JSON.parse(readFileSync(join(policies, file), 'utf8'));

// routes: those whose evidence is missing at first. failing: what the first mock says, and the other
// one; then: what follows. extra: facts that the caller declares.
const examples = [
  {
    file: 'critical-user-facing.json',
    routes: ['gpt-5-at-azure-openai', 'gpt-5-mini-at-azure-openai'],
    outcomes: [
      {
        what: 'the same model at a second provider',
        then: { disposition: 'fallback_success', tier: 'same_model', provider: 'azure-openai' },
      },
      {
        what: 'the second one fails too: a cheaper model, with its notice',
        also: { model: 'gpt-5', behaviour: 'server_error' },
        headers: { 'x-signalbox-notice': 'true' },
        then: { disposition: 'fallback_success', tier: 'same_family', degraded: 'true' },
        chain: 'a a b b',
      },
    ],
  },
  {
    file: 'noncritical-user-facing.json',
    routes: ['gpt-4.1-mini-at-openai'],
    outcomes: [
      {
        what: 'the cheaper model',
        only: 'gpt-4.1',
        then: { disposition: 'fallback_success', tier: 'same_family' },
      },
      {
        what: 'the provider is down: the default response',
        then: { status: 200, disposition: 'fallback_success', tier: 'default_response' },
        text: /There is no summary of this thread at the moment/,
      },
    ],
  },
  {
    file: 'internal-automation.json',
    routes: ['gpt-oss-120b-at-together', 'gpt-oss-120b-at-fireworks'],
    outcomes: [
      {
        what: 'an alternate provider',
        then: { disposition: 'fallback_success', tier: 'same_model' },
        provider: /^(together|fireworks)$/,
      },
    ],
  },
  {
    file: 'batch.json',
    routes: [],
    outcomes: [
      {
        what: 'a caller that cannot wait is told so',
        then: { status: 502, disposition: 'fail_closed', reason: 'no_eligible_route' },
      },
    ],
  },
  {
    file: 'experiment.json',
    routes: [],
    outcomes: [
      {
        what: 'fails at once',
        then: { status: 502, disposition: 'fail_closed' },
        chain: 'a',
      },
    ],
  },
].map((example) => ({ ...example, policy: read(example.file) }));

const providers = read('providers.json');
let stack;

// The catalog with every primary's account at one mock and the others at another one, beside the
// catalog that the demo's policy needs.
function on_mocks(from) {
  const catalog = structuredClone(from);
  const first = new Set(
    examples.map(({ policy }) => catalog.routes.find((r) => r.id === policy.primary_route.route).account),
  );
  for (const account of catalog.accounts)
    account.credential = first.has(account.id) ? 'MOCK_A_KEY' : 'MOCK_B_KEY';
  for (const route of catalog.routes) {
    const mock = first.has(route.account) ? stack.mock_a : stack.mock_b;
    route.base_url = mock.base;
    route.timeouts_ms = { ...timeouts_ms };
  }
  for (const [list, items] of Object.entries(read('catalog.json')))
    catalog[list] = [...(catalog[list] ?? []), ...items];
  return catalog;
}

before(async () => {
  stack = await start_stack('classes');
  await stack.ctl.json('catalog', 'publish', stack.file('all.json', on_mocks(providers)));
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

async function check(id) {
  const { code, stdout, stderr } = await stack.ctl.run('--output', 'json', 'policy', 'check', id, '1');
  assert.ok(code === 0 || code === 1, stderr);
  const blocked = JSON.parse(stdout)
    .entries.flatMap((entry) => entry.rows ?? [])
    .filter((row) => row.verdict === 'block');
  return { code, blocked };
}

for (const { file, policy, routes, outcomes } of examples)
  describe(file, () => {
    const id = policy.policy_id;
    const requested = providers.routes.find((r) => r.id === policy.primary_route.route).model;
    let key;

    async function ask(more = {}) {
      const answer = await send(`${stack.base_url}/chat/completions`, {
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...more },
        body: JSON.stringify({ model: requested, messages: [{ role: 'user', content: 'hello' }] }),
      });
      const told = (name) => answer.headers[`x-signalbox-${name}`];
      return {
        status: answer.status,
        text: answer.text,
        tier: told('tier'),
        provider: told('provider'),
        policy: told('policy'),
        disposition: told('disposition'),
        degraded: told('degraded'),
        reason: told('reason'),
      };
    }

    before(async () => {
      await stack.ctl.json('policy', 'publish', join(policies, file));
      const created = await stack.make_key(
        ...['--role', 'client', '--tenant', 'acme', '--default-workload', policy.workflow],
        ...['--default-environment', policy.environment],
      );
      key = created.secret;
    });

    test('its checklist is a go for what needs nothing, and names the routes of what does', async () => {
      const { code, blocked } = await check(id);
      assert.equal(code, routes.length ? 1 : 0);
      assert.deepEqual([...new Set(blocked.map((row) => row.route))].sort(), [...routes].sort());
    });

    test('the missing evidence, filled in, is all it takes', async () => {
      const { code, stdout, stderr } = await stack.ctl.run('policy', 'check', id, '1', '--missing');
      assert.equal(code, routes.length ? 1 : 0);
      assert.equal(stderr, '', 'something that no evidence cures');
      const pieces = filled(JSON.parse(stdout));
      for (const left_out of pieces) {
        const { evidence } = await stack.approve(pieces.filter((item) => item !== left_out));
        assert.equal((await check(id)).code, 1, `go without ${JSON.stringify(left_out)}`);
        for (const item of evidence)
          await (await stack.reviewer()).json('evidence', 'revoke', item.evidence_id, '--reason', 'x');
      }
      if (pieces.length) await stack.approve(pieces);
      assert.deepEqual(await check(id), { code: 0, blocked: [] });
    });

    test('active, its primary serves', async () => {
      await stack.ctl.json('policy', 'activate', id, '1');
      const answer = await ask();
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.disposition, 'primary_success');
      assert.equal(answer.policy, `${id}@1`);
      assert.equal((await stack.last_request()).admission.traffic_class, policy.traffic_class);
    });

    for (const { what, only = '*', also, headers, then, chain, text, provider } of outcomes)
      test(`its provider fails: ${what}`, async () => {
        await stack.mock_a.tell({ model: only, behaviour: 'server_error' });
        if (also) await stack.mock_b.tell(also);
        const answer = await ask(headers);
        for (const [name, value] of Object.entries(then))
          assert.equal(answer[name], value, `${name} of ${JSON.stringify(answer)}`);
        if (text) assert.match(answer.text, text);
        if (provider) assert.match(answer.provider, provider);
        if (chain) assert.equal(await stack.chain(), chain);
      });
  });
