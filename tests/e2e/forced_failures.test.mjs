// The eight failures that every gateway meets, forced one by one. Each is looked at from three
// sides: the chain that the providers received, what the client got, and what signalboxctl shows.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { events, send } from './support/http.mjs';
import { until } from './support/process.mjs';
import { sha256 } from './support/question.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('failures');
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

const body = (stream, more) =>
  JSON.stringify({
    model: 'demo-model',
    messages: [{ role: 'user', content: 'one two three four five six' }],
    stream,
    ...more,
  });

const a = { route: 'demo-at-mock-a' };
const b = { route: 'demo-at-mock-b' };
const answered = { http_status: 200, failure: undefined };

// rules: what the providers are told. headers, more: of the request, more being members of its body.
// chain: who received a request, in order. attempts: the record's. The rest is the client's view.
const cases = [
  {
    name: 'primary timeout: a retry, then the fallback answers',
    rules: { a: [{ behaviour: 'hang' }] },
    chain: 'a a b',
    attempts: [
      { ...a, action: 'send', failure: 'timeout' },
      { ...a, action: 'retry', failure: 'timeout' },
      { ...b, action: 'fallback', ...answered },
    ],
    status: 200,
    disposition: 'fallback_success',
    reason: 'fallback',
    tier: 'same_model',
  },
  {
    name: 'timeouts everywhere: 504, and nothing is tried beyond the limit',
    rules: { a: [{ behaviour: 'hang' }], b: [{ behaviour: 'hang' }] },
    chain: 'a a b',
    attempts: [
      { ...a, failure: 'timeout' },
      { ...a, failure: 'timeout' },
      { ...b, failure: 'timeout' },
    ],
    status: 504,
    code: 'timeout',
    disposition: 'fail_closed',
    reason: 'max_attempts',
  },
  {
    name: 'rate limit that lasts longer than the policy waits: the fallback, at once',
    rules: { a: [{ behaviour: 'rate_limited', retry_after: '20' }] },
    chain: 'a b',
    attempts: [
      { ...a, http_status: 429, failure: 'rate_limited' },
      { ...b, ...answered },
    ],
    status: 200,
    disposition: 'fallback_success',
    reason: 'fallback',
    tier: 'same_model',
  },
  {
    name: 'rate limit that the policy waits for: the same route, not before Retry-After',
    rules: { a: [{ behaviour: 'rate_limited', times: 1, headers: { 'retry-after-ms': '250' } }] },
    chain: 'a a',
    attempts: [
      { ...a, http_status: 429, failure: 'rate_limited' },
      { ...a, ...answered, delay_ms: (delay) => delay >= 250 },
    ],
    status: 200,
    disposition: 'primary_success',
    reason: 'retry',
    tier: 'primary',
  },
  {
    name: 'provider 5xx once: a retry answers',
    rules: { a: [{ behaviour: 'server_error', times: 1 }] },
    chain: 'a a',
    attempts: [
      { ...a, http_status: 500, failure: 'temporary_5xx' },
      { ...a, ...answered },
    ],
    status: 200,
    disposition: 'primary_success',
    reason: 'retry',
    tier: 'primary',
  },
  {
    name: 'provider 5xx that stays: the fallback answers',
    rules: { a: [{ behaviour: 'server_error' }] },
    chain: 'a a b',
    attempts: [
      { ...a, http_status: 500, failure: 'temporary_5xx' },
      { ...a, http_status: 500, failure: 'temporary_5xx' },
      { ...b, ...answered },
    ],
    status: 200,
    disposition: 'fallback_success',
    reason: 'fallback',
    tier: 'same_model',
  },
  {
    name: 'a malformed request, as the provider sees it: its own answer, no second try',
    rules: { a: [{ behaviour: 'invalid_request' }] },
    chain: 'a',
    attempts: [{ ...a, http_status: 400, failure: 'invalid_request' }],
    status: 400,
    code: null,
    message: "Invalid value for 'messages'.",
    disposition: 'fail_closed',
    reason: 'terminal_class',
  },
  {
    name: 'auth error: never routed around',
    rules: { a: [{ behaviour: 'invalid_api_key' }] },
    chain: 'a',
    attempts: [{ ...a, http_status: 401, failure: 'auth_error' }],
    status: 502,
    code: 'provider_auth_error',
    disposition: 'fail_closed',
    reason: 'terminal_class',
  },
  {
    name: 'quota exhausted: not a rate limit, no retry, no fallback that does not name it',
    rules: { a: [{ behaviour: 'insufficient_quota' }] },
    chain: 'a',
    attempts: [{ ...a, http_status: 429, failure: 'provider_quota_exhausted' }],
    status: 503,
    code: 'provider_quota_exhausted',
    disposition: 'fail_closed',
    reason: 'terminal_class',
  },
  {
    name: 'policy block: data that no route is approved for reaches no provider',
    headers: { 'x-signalbox-data-class': 'secret' },
    chain: '',
    attempts: [],
    status: 403,
    code: 'unapproved_data_class',
    disposition: 'fail_closed',
    reason: 'data_class_not_approved',
    refusal: ['gate=boundary', 'check=data_class'],
  },
  {
    name: 'a fallback that lacks what the request needs: refused by its gate, not tried',
    more: { logprobs: true },
    rules: { a: [{ behaviour: 'server_error' }] },
    chain: 'a a',
    attempts: [
      { ...a, failure: 'temporary_5xx' },
      { ...a, failure: 'temporary_5xx', blocking_gate: 'tools', blocking_check: 'capabilities' },
    ],
    status: 502,
    code: 'temporary_5xx',
    disposition: 'fail_closed',
    reason: 'no_eligible_route',
    refusal: ['gate=tools', 'check=capabilities'],
  },
];

// The wanted members of what was seen, value by value; functions judge by themselves.
function assert_members(seen, wanted, where) {
  for (const [name, value] of Object.entries(wanted)) {
    if (typeof value === 'function') assert.ok(value(seen[name]), `${where}: ${name} ${seen[name]}`);
    else assert.deepEqual(seen[name] ?? undefined, value, `${where}: ${name}`);
  }
}

const recorded = [];

function assert_record(record, wanted) {
  recorded.push(record.request_id);
  assert.equal(record.disposition, wanted.disposition);
  if (wanted.disposition === 'fail_closed') assert.equal(record.stop_reason, wanted.reason);
  const attempts = record.attempts ?? [];
  assert.equal(attempts.length, wanted.attempts.length, JSON.stringify(attempts, null, 1));
  wanted.attempts.forEach((attempt, i) => assert_members(attempts[i], attempt, `attempt ${i + 1}`));
}

async function tell(rules = {}) {
  if (rules.a) await stack.mock_a.tell(...rules.a);
  if (rules.b) await stack.mock_b.tell(...rules.b);
}

const post = (stream, headers, more) =>
  send(`${stack.base_url}/chat/completions`, {
    body: body(stream, more),
    headers: stack.headers(headers),
  });

function assert_client(answer, wanted, stream) {
  assert.equal(answer.status, wanted.status, answer.text);
  assert.equal(answer.cut, false);
  assert.equal(answer.headers['x-signalbox-attempts'], String(wanted.attempts.length));
  const [reason, ...refusal] = answer.headers['x-signalbox-reason'].split(';');
  assert.equal(reason, wanted.reason);
  assert.deepEqual(refusal.slice(0, 2), wanted.refusal ?? []);
  const pending = stream && wanted.status === 200;
  assert.equal(answer.headers['x-signalbox-disposition'], pending ? 'pending' : wanted.disposition);
  if (wanted.status === 200) {
    assert.equal(answer.headers['x-signalbox-tier'], wanted.tier);
    assert.equal(answer.headers['x-signalbox-provider'], wanted.attempts.at(-1).route.slice(8));
    return;
  }
  const { error } = JSON.parse(answer.text);
  assert.equal(error.code, wanted.code);
  assert.ok(error.message.length > 10, error.message);
  if (wanted.message) assert.equal(error.message, wanted.message);
  assert.equal(answer.headers['x-should-retry'], 'false');
  assert.match(answer.headers['content-type'], /^application\/json/);
}

function assert_stream(answer, disposition) {
  const { data, comments } = events(answer.text);
  assert.match(answer.headers['content-type'], /^text\/event-stream/);
  assert.equal(data.at(-1), '[DONE]');
  const text = data
    .slice(0, -1)
    .map((item) => JSON.parse(item).choices[0]?.delta.content ?? '')
    .join('');
  assert.equal(text, 'Model demo-model heard: one two three four five six', 'one whole answer, once');
  assert.ok(
    comments.some((comment) => comment.includes(disposition)),
    `the stream's comment says ${disposition}: ${JSON.stringify(comments)}`,
  );
}

for (const stream of [false, true]) {
  describe(stream ? 'streamed' : 'not streamed', () => {
    for (const wanted of cases) {
      test(wanted.name, async () => {
        await tell(wanted.rules);
        const answer = await post(stream, wanted.headers, wanted.more);
        assert_client(answer, wanted, stream);
        if (stream && wanted.status === 200) assert_stream(answer, wanted.disposition);
        assert.equal(await stack.chain(), wanted.chain);
        assert_record(await stack.request(answer.headers['x-signalbox-request-id']), wanted);
      });
    }
  });
}

describe('a stream that fails after output', () => {
  // behaviour of the provider after three pieces, and the failure class that it is.
  const ends = [
    { behaviour: 'cut_after_chunks', chunks: 3, failure: 'partial_stream' },
    { behaviour: 'hang_after_chunks', chunks: 3, failure: 'timeout' },
    { behaviour: 'clean_early_end', chunks: 3 },
    { behaviour: 'malformed_chunk', chunks: 3 },
    { behaviour: 'error_after_output', chunks: 3 },
  ];
  for (const { failure, ...rule } of ends) {
    test(`${rule.behaviour}: what came is delivered, then an error event and a cut connection`, async () => {
      await stack.mock_a.tell(rule);
      const answer = await post(true);
      assert.equal(answer.status, 200);
      assert.equal(answer.cut, true, 'never a clean end');
      assert.equal(answer.headers['x-signalbox-disposition'], 'pending');
      const { data } = events(answer.text);
      assert.ok(!data.includes('[DONE]'));
      const last = JSON.parse(data.at(-1));
      assert.equal(last.error.code, 'user_retry_required');
      const pieces = data.slice(0, -1).map((item) => JSON.parse(item).choices[0].delta.content ?? '');
      assert.equal(pieces.join(''), 'Model demo-model heard:', 'the three pieces, once');
      assert.equal(await stack.chain(), 'a', 'nobody else is asked');
      const id = answer.headers['x-signalbox-request-id'];
      const record = await until(async () => {
        const found = await stack.request(id);
        return found.disposition && found;
      }, 2000);
      assert.equal(record.disposition, 'user_retry_required');
      assert.equal(record.stop_reason, 'output_visible');
      assert.equal(record.partial_output, true);
      assert.equal(record.attempts.length, 1);
      if (failure) assert.equal(record.attempts[0].failure, failure);
    });
  }
});

describe('a failure that looks like success until it is read', () => {
  // What arrives with status 200 but is no answer: the client must never see any of it.
  const cases = [
    { behaviour: 'error_first', failure: 'temporary_5xx' },
    { behaviour: 'html_200', failure: 'malformed_response' },
    { behaviour: 'empty_200', failure: 'empty_response' },
    { behaviour: 'empty_choices', failure: 'empty_response' },
    { behaviour: 'cut_after_headers', failure: 'stream_dropped_before_output' },
    { behaviour: 'hang_after_headers', failure: 'timeout' },
    { behaviour: 'reset', failure: 'network_error' },
  ];
  for (const stream of [false, true]) {
    for (const { behaviour, failure } of cases) {
      test(`${behaviour}, ${stream ? '' : 'not '}streamed: ${failure}, and the fallback answers`, async () => {
        await stack.mock_a.tell({ behaviour });
        const answer = await post(stream);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.cut, false);
        assert.equal(answer.headers['x-signalbox-provider'], 'mock-b');
        assert.match(answer.text, stream ? /\[DONE\]/ : /heard: one two three four five six/);
        const record = await stack.request(answer.headers['x-signalbox-request-id']);
        assert.equal(record.disposition, 'fallback_success');
        assert.equal(record.attempts[0].failure, failure);
      });
    }
  }

  test('a provider that is not there: network_error, and the fallback answers', async () => {
    await stack.mock_a.stop();
    try {
      const answer = await post(false);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers['x-signalbox-provider'], 'mock-b');
      const record = await stack.request(answer.headers['x-signalbox-request-id']);
      assert.equal(record.attempts[0].failure, 'network_error');
      assert.equal(record.attempts[0].http_status ?? 0, 0);
    } finally {
      stack.mock_a = await stack.mock_a.again();
    }
  });
});

test("the table of request show says the same as its JSON, for a person's eyes", async () => {
  await stack.mock_a.tell({ behaviour: 'server_error' });
  const answer = await post(false);
  const id = answer.headers['x-signalbox-request-id'];
  for (const which of [id, '--last']) {
    const { code, stdout } = await stack.ctl.run('request', 'show', which);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(id));
    assert.match(stdout, /demo-at-mock-a.*500.*temporary_5xx/);
    assert.match(stdout, /demo-at-mock-b.*200/);
    assert.match(stdout, /fallback_success/);
  }
});

test('the credential of a route goes to its provider, and the caller’s key goes nowhere', async () => {
  await stack.mock_a.tell({ behaviour: 'server_error' });
  await post(false);
  const [first] = await stack.mock_a.journal();
  const [second] = await stack.mock_b.journal();
  const prefix = (key) => sha256(key).toString('hex').slice(0, 12);
  assert.equal(first.authorization.sha256_prefix, prefix(stack.mock_a.key));
  assert.equal(second.authorization.sha256_prefix, prefix(stack.mock_b.key));
});

test('every chain above, decided again from history, is the same bit for bit', async () => {
  assert.ok(recorded.length >= 20, `${recorded.length} requests`);
  for (const id of recorded) {
    const { same, boundaries } = await stack.ctl.json('replay', id);
    assert.equal(same, true, id);
    assert.ok(boundaries.every((boundary) => boundary.same && !boundary.skipped), id);
  }
});

// Last, so that all the failures above are in the logs.
test('no prompt, no answer, no secret and no provider’s message is in a log', () => {
  for (const { name, output } of [stack.edge, stack.decider]) {
    assert.ok(output.length > 100, `${name} logs`);
    for (const [what, text] of Object.entries({
      prompt: 'one two three',
      answer: 'heard:',
      'client key': stack.key,
      'gateway token': stack.gateway_token,
      'operator token': stack.operator_token(),
      'provider key': 'sk-of-mock',
      'provider message': 'Sorry about that',
    }))
      assert.ok(!output.includes(text), `the log of ${name} holds a ${what}`);
  }
});
