// Bad input through the edge: each kind has its own clear error in the family's shape, and nothing
// of it reaches a provider.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { send, send_bytes } from './support/http.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('input', {
    policy: (policy) => {
      policy.limits.max_output_tokens = 100;
      policy.limits.max_input_tokens = 1000;
    },
  });
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

const good = { model: 'demo-model', messages: [{ role: 'user', content: 'hello' }] };
const post = (body, headers) =>
  send(`${stack.base_url}/chat/completions`, { body, headers: stack.headers(headers) });

async function assert_refused(answer, { status, code, param, says }) {
  assert.equal(answer.status, status, answer.text);
  const { error } = JSON.parse(answer.text);
  assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type']);
  if (code !== undefined) assert.equal(error.code, code, answer.text);
  if (param !== undefined) assert.equal(error.param, param, answer.text);
  if (says) assert.match(error.message, says);
  assert.ok(error.message.length > 10, 'a sentence, not a word');
  assert.equal(answer.headers['x-should-retry'], 'false');
  assert.equal(await stack.chain(), '', 'nothing reached a provider');
}

test('the good request that all the bad ones differ from is answered', async () => {
  const answer = await post(JSON.stringify(good));
  assert.equal(answer.status, 200, answer.text);
});

describe('bodies', () => {
  const json = (more) => JSON.stringify({ ...good, ...more });
  const cases = {
    'no body': { body: '', status: 400, code: 'invalid_json' },
    'broken off': { body: '{"model":"demo-model","messages":[', status: 400, code: 'invalid_json' },
    'not JSON': { body: 'hello', status: 400, code: 'invalid_json' },
    'something after the end': { body: json() + ' x', status: 400, code: 'invalid_json' },
    'invalid UTF-8': {
      body: Buffer.concat([
        Buffer.from('{"model":"demo-model","messages":[{"role":"user","content":"'),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('"}]}'),
      ]),
      status: 400,
      code: 'invalid_json',
    },
    'an array in place of the object': { body: `[${json()}]`, status: 400, code: 'invalid_json' },
    'model of the wrong type': {
      body: json({ model: 7 }),
      status: 400,
      code: 'invalid_type',
      param: 'model',
    },
    'messages of the wrong type': {
      body: json({ messages: 'hello' }),
      status: 400,
      code: 'invalid_type',
      param: 'messages',
    },
    'stream of the wrong type': {
      body: json({ stream: 'yes' }),
      status: 400,
      code: 'invalid_type',
      param: 'stream',
    },
    'max_tokens of the wrong type': {
      body: json({ max_tokens: '9' }),
      status: 400,
      code: 'invalid_type',
      param: 'max_tokens',
    },
    'a negative max_tokens': {
      body: json({ max_tokens: -1 }),
      status: 400,
      param: 'max_tokens',
      says: /at least 1/,
    },
    'a model without a name': {
      body: json({ model: '' }),
      status: 400,
      code: 'invalid_value',
      param: 'model',
    },
    'tools of the wrong type': {
      body: json({ tools: {} }),
      status: 400,
      code: 'invalid_type',
      param: 'tools',
    },
    'no model': {
      body: JSON.stringify({ messages: good.messages }),
      status: 400,
      code: 'missing_required_parameter',
      param: 'model',
    },
    'no messages': {
      body: JSON.stringify({ model: good.model }),
      status: 400,
      code: 'missing_required_parameter',
      param: 'messages',
    },
    'a key twice': {
      body: `{"model":"demo-model","model":"other","messages":${JSON.stringify(good.messages)}}`,
      status: 400,
      code: 'duplicate_parameter',
      param: 'model',
    },
    'a key twice, once escaped': {
      body: `{"model":"demo-model","mod\\u0065l":"other","messages":${JSON.stringify(good.messages)}}`,
      status: 400,
      code: 'duplicate_parameter',
      param: 'model',
    },
    'messages twice': {
      body: `{"model":"demo-model","messages":${JSON.stringify(good.messages)},"messages":[]}`,
      status: 400,
      code: 'duplicate_parameter',
      param: 'messages',
    },
    'an unknown field': {
      body: json({ colour: 'red' }),
      status: 400,
      code: 'unknown_parameter',
      param: 'colour',
    },
    'a models array, which would move the decision to the provider': {
      body: json({ models: ['one', 'other'] }),
      status: 400,
      code: 'unsupported_parameter',
      param: 'models',
    },
    'provider-side fallbacks': {
      body: json({ fallbacks: [] }),
      status: 400,
      code: 'unsupported_parameter',
      param: 'fallbacks',
    },
    store: {
      body: json({ store: true }),
      status: 400,
      code: 'unsupported_parameter',
      param: 'store',
    },
    'an unknown model': {
      body: json({ model: 'no-such-model' }),
      status: 404,
      code: 'model_not_found',
      says: /./,
    },
    'more output than the cap': {
      body: json({ max_completion_tokens: 101 }),
      status: 400,
      code: 'output_over_cap',
    },
    'more input than the limit': {
      body: json({ messages: [{ role: 'user', content: 'x'.repeat(5000) }] }),
      status: 400,
      code: 'context_length_exceeded',
    },
  };
  for (const [name, { body, ...wanted }] of Object.entries(cases))
    test(`${name}: ${wanted.status} ${wanted.code}`, async () => assert_refused(await post(body), wanted));

  test('every kind of refusal has a message of its own', async () => {
    const messages = new Map();
    for (const [name, { body }] of Object.entries(cases)) {
      const { error } = JSON.parse((await post(body)).text);
      const key = `${error.code} ${error.param}`;
      if (messages.has(error.message))
        assert.equal(messages.get(error.message), key, `${name} says the same as another kind`);
      messages.set(error.message, key);
    }
  });
});

describe('keys', () => {
  test('no key: 401', async () =>
    assert_refused(
      await send(`${stack.base_url}/chat/completions`, {
        body: JSON.stringify(good),
        headers: { 'content-type': 'application/json' },
      }),
      { status: 401 },
    ));

  test('a key of another scheme: 401', async () =>
    assert_refused(await post(JSON.stringify(good), { authorization: 'Basic eDp5' }), { status: 401 }));

  test('an unknown key: 401 invalid_api_key', async () =>
    assert_refused(await post(JSON.stringify(good), { authorization: 'Bearer sbx_of-nobody' }), {
      status: 401,
      code: 'invalid_api_key',
    }));

  test('a revoked key works until it is revoked, then 401 invalid_api_key', async () => {
    const made = await stack.make_key(
      ...['--role', 'client', '--tenant', 'test'],
      ...['--default-workload', 'demo-chat', '--default-environment', 'production'],
    );
    const authorization = `Bearer ${made.secret}`;
    assert.equal((await post(JSON.stringify(good), { authorization })).status, 200);
    await stack.ctl.json('key', 'revoke', made.key.key_id);
    await stack.forget();
    const answer = await post(JSON.stringify(good), { authorization });
    await assert_refused(answer, { status: 401, code: 'invalid_api_key', says: /revoked/ });
  });

  test("a gateway's token is no client key", async () => {
    const authorization = `Bearer ${stack.gateway_token}`;
    await assert_refused(await post(JSON.stringify(good), { authorization }), { status: 401 });
  });

  test('a workload that the key may not use: 403', async () => {
    const made = await stack.make_key(
      ...['--role', 'client', '--tenant', 'test', '--workload', 'demo-chat'],
      ...['--default-workload', 'demo-chat', '--default-environment', 'production'],
    );
    const headers = {
      authorization: `Bearer ${made.secret}`,
      'x-signalbox-workload': 'another',
    };
    await assert_refused(await post(JSON.stringify(good), headers), {
      status: 403,
      code: 'workload_not_allowed',
    });
  });

  test('a workload without a policy: 403 no_active_policy', async () =>
    assert_refused(await post(JSON.stringify(good), { 'x-signalbox-workload': 'another' }), {
      status: 403,
      code: 'no_active_policy',
    }));
});

describe('headers', () => {
  const cases = {
    'x-signalbox-data-class': 'top-secret',
    'x-signalbox-traffic-class': 'urgent',
    'x-signalbox-restart': 'perhaps',
    'x-signalbox-deadline-ms': 'soon',
    'x-signalbox-tags': '=value-without-name',
    'x-signalbox-no-such-header': '1',
  };
  for (const [name, value] of Object.entries(cases))
    test(`${name}: ${value} is refused by name`, async () => {
      const answer = await post(JSON.stringify(good), { [name]: value });
      await assert_refused(answer, { status: 400, param: name });
    });

  const with_header_bytes = (bytes) =>
    send_bytes(
      stack.edge_port,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n` +
        `authorization: Bearer ${stack.key}\r\n` +
        `x-large: ${'x'.repeat(bytes)}\r\ncontent-length: 2\r\n\r\n{}`,
    );

  test('more header bytes than the HTTP library reads: 400', async () => {
    assert.match(await with_header_bytes(430000), /^HTTP\/1\.[01] 400 /);
    assert.equal(await stack.chain(), '');
  });

  test('more header bytes than any client needs (100 KB): 431 in the family’s shape', async () => {
    const [head, text] = (await with_header_bytes(100000)).split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.[01] 431 /);
    assert.match(JSON.parse(text).error.message, /header/);
    assert.equal(await stack.chain(), '');
  });

  test('more header lines than allowed: 400', async () => {
    const lines = Array.from({ length: 150 }, (_, i) => `x-line-${i}: 1\r\n`).join('');
    const answer = await send_bytes(
      stack.edge_port,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${lines}content-length: 2\r\n\r\n{}`,
    );
    assert.match(answer, /^HTTP\/1\.[01] (400|431) /);
    assert.equal(await stack.chain(), '');
  });
});

describe('the body limit', () => {
  const sized = (bytes) => {
    const empty = JSON.stringify({ ...good, messages: [{ role: 'user', content: '' }] });
    return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
  };
  const limit = 8 * 1024 * 1024;

  test('a body at the limit is read: the policy refuses it, not the limit', async () =>
    assert_refused(await post(sized(limit)), { status: 400, code: 'context_length_exceeded' }));

  test('a body beyond it: 413 in the family’s shape', async () =>
    assert_refused(await post(sized(limit + 1)), { status: 413, code: 'payload_too_large' }));

  test('a body far beyond it: 413 or a closed connection, and the edge lives on', async () => {
    const answer = await post(sized(8 * limit)).catch((error) => error);
    if (!(answer instanceof Error)) assert.equal(answer.status, 413, answer.text);
    assert.equal(await stack.chain(), '');
    assert.equal((await post(JSON.stringify(good))).status, 200);
  });
});

describe('places', () => {
  test('an unknown path: 404 in the family’s shape', async () => {
    const answer = await send(`${stack.base_url}/nothing`, {
      body: JSON.stringify(good),
      headers: stack.headers(),
    });
    await assert_refused(answer, { status: 404 });
  });

  test('GET where POST is meant: 405 in the family’s shape', async () => {
    const answer = await send(`${stack.base_url}/chat/completions`, {
      method: 'GET',
      headers: stack.headers(),
    });
    await assert_refused(answer, { status: 405 });
  });

  test('what is no HTTP at all is answered with 400 or closed, and the edge lives on', async () => {
    const answer = await send_bytes(stack.edge_port, 'this is not HTTP\r\n\r\n');
    assert.match(answer, /^(HTTP\/1\.[01] 400 .*)?/);
    assert.equal((await post(JSON.stringify(good))).status, 200);
  });

  test('HTTP/2 towards clients is off', async () => {
    const answer = await send_bytes(
      stack.edge_port,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
      1000,
    );
    assert.ok(!answer.startsWith('\0\0'), 'no SETTINGS frame comes back');
  });
});
