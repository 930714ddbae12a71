// The official OpenAI SDK, unmodified, with its default settings: a base URL and a key, no more.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { start_stack } from './support/stack.mjs';
import { until } from './support/process.mjs';

let stack, client;

const model = 'demo-model';
const upstream_model = 'demo-model-2026-10-01'; // the same one as the provider spells it

before(async () => {
  stack = await start_stack('sdk', {
    catalog: ({ routes }) => {
      for (const route of routes) if (route.model === model) route.provider_model = upstream_model;
    },
  });
  client = new OpenAI({ baseURL: stack.base_url, apiKey: stack.key });
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

const say = (content) => [{ role: 'user', content }];

test('a plain completion comes back as the provider made it', async () => {
  const answer = await client.chat.completions.create({ model, messages: say('hello there') });
  assert.equal(answer.choices[0].message.content, `Model ${upstream_model} heard: hello there`);
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.ok(answer.usage.completion_tokens > 0);
  const [request] = await stack.mock_a.settled(1);
  assert.equal(request.path, '/v1/chat/completions');
  assert.equal(request.outcome, 'completed');
  assert.equal(request.model, upstream_model);
});

test('the body goes up byte for byte, but for the model and the output cap', async () => {
  const body = (name) =>
    '{ "temperature":0.50,"messages":[{"role":"user","content":"caf\\u00e9 \u2713"} ],\n' +
    `"model" : "${name}", "max_tokens":50}`;
  const response = await fetch(`${stack.base_url}/chat/completions`, {
    method: 'POST',
    headers: stack.headers(),
    body: body(model),
  });
  assert.equal(response.status, 200, await response.text());
  const [request] = await stack.mock_a.settled(1);
  assert.equal(request.body, body(upstream_model));
});

test('a request that asks for no output limit gets the policy’s, and is told so', async () => {
  const { response } = await client.chat.completions
    .create({ model, messages: say('hello') })
    .withResponse();
  assert.equal(response.headers.get('x-signalbox-output-cap'), '4000');
  const [request] = await stack.mock_a.settled(1);
  const { max_tokens, max_completion_tokens } = JSON.parse(request.body);
  assert.equal(max_completion_tokens ?? max_tokens, 4000);
});

test('the response headers say what was decided', async () => {
  const { response } = await client.chat.completions
    .create({ model, messages: say('hello') })
    .withResponse();
  const headers = Object.fromEntries(response.headers);
  assert.match(headers['x-signalbox-request-id'], /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
  assert.equal(headers['x-signalbox-policy'], `${stack.policy_id}@${stack.policy_version}`);
  assert.equal(headers['x-signalbox-requested-model'], model);
  assert.equal(headers['x-signalbox-selected-model'], upstream_model);
  assert.equal(headers['x-signalbox-provider'], 'mock-a');
  assert.equal(headers['x-signalbox-attempts'], '1');
  assert.equal(headers['x-signalbox-disposition'], 'primary_success');
  assert.equal(headers['x-signalbox-tier'], 'primary');
  assert.equal(headers['x-signalbox-degraded'], 'false');
});

test('a stream arrives piece by piece and ends cleanly', async () => {
  await stack.mock_a.tell({ behaviour: 'slow_chunks', chunk_delay_ms: 30, chunks: 6 });
  const stream = await client.chat.completions.create({
    model,
    messages: say('one two three four five six'),
    stream: true,
  });
  const arrivals = [];
  let text = '';
  let finish;
  for await (const chunk of stream) {
    const [choice] = chunk.choices;
    assert.ok(choice, 'the usage chunk is only for those who ask for it');
    if (choice.delta.content) {
      arrivals.push(performance.now());
      text += choice.delta.content;
    }
    finish = choice.finish_reason ?? finish;
  }
  assert.match(text, /heard: one two three four five six/);
  assert.equal(finish, 'stop');
  assert.ok(arrivals.length >= 6, `${arrivals.length} pieces`);
  const spread_ms = arrivals.at(-1) - arrivals[0];
  assert.ok(spread_ms > 100, `all pieces within ${spread_ms} ms: they were held back`);
});

test('a stream whose caller asks for usage gets the usage chunk', async () => {
  const stream = await client.chat.completions.create({
    model,
    messages: say('count me'),
    stream: true,
    stream_options: { include_usage: true },
  });
  let usage;
  for await (const chunk of stream) usage = chunk.usage ?? usage;
  assert.ok(usage.prompt_tokens > 0);
  assert.ok(usage.completion_tokens > 0);
});

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};

test('a tool call, its result, and the answer after it', async () => {
  const messages = say('please use the tool');
  const first = await client.chat.completions.create({ model, messages, tools: [weather] });
  assert.equal(first.choices[0].finish_reason, 'tool_calls');
  const [tool_call] = first.choices[0].message.tool_calls;
  assert.equal(tool_call.function.name, 'get_weather');
  assert.equal(typeof JSON.parse(tool_call.function.arguments).city, 'string');
  const second = await client.chat.completions.create({
    model,
    tools: [weather],
    messages: [
      ...messages,
      first.choices[0].message,
      { role: 'tool', tool_call_id: tool_call.id, content: 'rain' },
    ],
  });
  assert.match(second.choices[0].message.content, /heard: rain/);
});

test('a tool call arrives whole over a stream', async () => {
  const stream = client.chat.completions.stream({
    model,
    messages: say('please use the tool'),
    tools: [weather],
  });
  const answer = await stream.finalChatCompletion();
  const [tool_call] = answer.choices[0].message.tool_calls;
  assert.equal(tool_call.function.name, 'get_weather');
  assert.equal(typeof JSON.parse(tool_call.function.arguments).city, 'string');
});

const person = {
  type: 'json_schema',
  json_schema: {
    name: 'person',
    strict: true,
    schema: {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    },
  },
};

for (const stream of [false, true]) {
  test(`a json_schema answer has the schema's shape, ${stream ? '' : 'not '}streamed`, async () => {
    const body = { model, messages: say('who?'), response_format: person };
    const answer = stream
      ? await client.chat.completions.stream(body).finalChatCompletion()
      : await client.chat.completions.create(body);
    const made = JSON.parse(answer.choices[0].message.content);
    assert.deepEqual(Object.keys(made).sort(), ['age', 'name']);
    assert.equal(typeof made.name, 'string');
    assert.ok(Number.isInteger(made.age));
  });
}

test('fifty at once, half of them streamed, each gets its own answer', async () => {
  const one = async (number) => {
    const body = { model, messages: say(`I am number ${number}.`) };
    if (number % 2 === 0) {
      const answer = await client.chat.completions.create(body);
      return answer.choices[0].message.content;
    }
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    return text;
  };
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  const answers = await Promise.all(numbers.map(one));
  answers.forEach((text, number) => assert.match(text, new RegExp(`heard: I am number ${number}\\.$`)));
  assert.equal((await stack.mock_a.settled(50)).length, 50, 'nothing was retried');
});

test('the models that may be requested are listed', async () => {
  const names = [];
  for await (const entry of client.models.list()) names.push(entry.id);
  assert.ok(names.includes(model), names.join(' '));
});

test('an abort in mid-stream reaches the provider within 200 ms', async () => {
  await stack.mock_a.tell({ behaviour: 'slow_chunks', chunk_delay_ms: 100, chunks: 200 });
  const stream = await client.chat.completions.create({ model, messages: say('long'), stream: true });
  let pieces = 0;
  let aborted_ms;
  try {
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && ++pieces === 3) {
        aborted_ms = Date.now();
        stream.controller.abort();
      }
    }
  } catch (error) {
    assert.equal(error.constructor.name, 'APIUserAbortError');
  }
  const [request] = await stack.mock_a.settled(1);
  assert.equal(request.outcome, 'client_left');
  const after_ms = request.ended_ms - aborted_ms;
  assert.ok(after_ms >= 0 && after_ms <= 200, `the provider saw it after ${after_ms} ms`);
  await record_says_cancelled(request);
});

test('an abort before any byte reaches the provider within 200 ms', async () => {
  await stack.mock_a.tell({ behaviour: 'hang' });
  const abort = new AbortController();
  const asked = client.chat.completions.create(
    { model, messages: say('nobody answers') },
    { signal: abort.signal },
  );
  asked.catch(() => {});
  await until(async () => (await stack.mock_a.journal()).length, 1000);
  const aborted_ms = Date.now();
  abort.abort();
  await assert.rejects(asked, OpenAI.APIUserAbortError);
  const [request] = await stack.mock_a.settled(1, 220);
  assert.equal(request.outcome, 'client_left');
  const after_ms = request.ended_ms - aborted_ms;
  assert.ok(after_ms >= 0 && after_ms <= 200, `the provider saw it after ${after_ms} ms`);
  await record_says_cancelled(request);
});

async function record_says_cancelled() {
  const record = await until(async () => {
    const last = await stack.last_request();
    return last.disposition === 'cancelled' && last;
  }, 2000);
  assert.ok(record, 'the request ends as cancelled');
  assert.equal(record.attempts.length, 1, 'nothing is tried again for a caller who left');
}

// What the SDK makes of errors, and that it does not repeat what a repeat cannot change.
const failures = [
  {
    behaviour: 'invalid_api_key',
    error: OpenAI.InternalServerError,
    status: 502,
    code: 'provider_auth_error',
  },
  {
    behaviour: 'insufficient_quota',
    error: OpenAI.InternalServerError,
    status: 503,
    code: 'provider_quota_exhausted',
  },
  { behaviour: 'invalid_request', error: OpenAI.BadRequestError, status: 400, code: null },
  {
    behaviour: 'content_policy',
    error: OpenAI.BadRequestError,
    status: 400,
    code: 'content_policy_violation',
  },
  {
    behaviour: 'context_length_exceeded',
    error: OpenAI.BadRequestError,
    status: 400,
    code: 'context_length_exceeded',
  },
];

for (const stream of [false, true]) {
  for (const { behaviour, error, status, code } of failures) {
    test(`${behaviour}, ${stream ? '' : 'not '}streamed: ${status}, and the SDK does not retry`, async () => {
      await stack.mock_a.tell({ behaviour });
      const thrown = await client.chat.completions
        .create({ model, messages: say('fail'), stream })
        .then(assert.fail, (reason) => reason);
      assert.ok(thrown instanceof error, `${thrown.constructor.name}: ${thrown.message}`);
      assert.equal(thrown.status, status);
      assert.equal(thrown.code, code);
      assert.equal(thrown.headers.get('x-should-retry'), 'false');
      assert.equal(thrown.headers.get('x-signalbox-disposition'), 'fail_closed');
      assert.equal((await stack.mock_a.settled(1)).length, 1, 'one request at the provider');
      assert.equal((await stack.mock_b.journal()).length, 0, 'none at the other one');
    });
  }
}

test('a wrong key is an AuthenticationError', async () => {
  const stranger = new OpenAI({ baseURL: stack.base_url, apiKey: 'sbx_of-nobody' });
  await assert.rejects(
    stranger.chat.completions.create({ model, messages: say('hello') }),
    (thrown) =>
      thrown instanceof OpenAI.AuthenticationError && thrown.code === 'invalid_api_key',
  );
  assert.equal((await stack.mock_a.journal()).length, 0);
});

test('a model that the policy does not serve is a NotFoundError', async () => {
  await assert.rejects(
    client.chat.completions.create({ model: 'no-such-model', messages: say('hello') }),
    (thrown) => thrown instanceof OpenAI.NotFoundError && thrown.code === 'model_not_found',
  );
  assert.equal((await stack.mock_a.journal()).length, 0);
});

test('a stream that dies after output is an error for the SDK, never a clean end', async () => {
  await stack.mock_a.tell({ behaviour: 'cut_after_chunks', chunks: 3 });
  const stream = await client.chat.completions.create({ model, messages: say('cut me off now'), stream: true });
  const pieces = [];
  const thrown = await (async () => {
    for await (const chunk of stream) {
      const text = chunk.choices[0]?.delta.content;
      if (text) pieces.push(text);
    }
  })().then(
    () => assert.fail(`a clean end after ${pieces.length} pieces`),
    (reason) => reason,
  );
  assert.ok(thrown instanceof OpenAI.APIError, thrown.constructor.name);
  assert.equal(thrown.code, 'user_retry_required');
  assert.equal(pieces.length, 3, 'every piece that came is delivered, once');
  assert.equal((await stack.mock_b.journal()).length, 0, 'no second answer is spliced in');
});
