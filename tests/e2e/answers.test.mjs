// Answers that are neither a plain success nor a forced failure: refusals, filters, other models,
// deadlines, output that the policy holds back.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { events, send, send_bytes } from './support/http.mjs';
import { until } from './support/process.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('answers');
});
after(() => stack?.stop());
beforeEach(() => stack.forget());

const post = (more, headers) =>
  send(`${stack.base_url}/chat/completions`, {
    body: JSON.stringify({
      model: 'demo-model',
      messages: [{ role: 'user', content: 'one two three four five six' }],
      ...more,
    }),
    headers: stack.headers(headers),
  });
const record_of = (answer) =>
  until(async () => {
    const record = await stack.request(answer.headers['x-signalbox-request-id']).catch(() => undefined);
    return record?.disposition && record;
  }, 2000);
const chunks = (answer) =>
  events(answer.text)
    .data.filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data));

for (const stream of [false, true]) {
  const how = stream ? 'streamed' : 'not streamed';

  test(`a refusal, ${how}: the model's answer, delivered unchanged and never rerouted`, async () => {
    await stack.mock_a.tell({ behaviour: 'refusal' });
    const answer = await post({ stream });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.cut, false);
    const refusal = stream
      ? chunks(answer).map((chunk) => chunk.choices[0]?.delta.refusal ?? '').join('')
      : JSON.parse(answer.text).choices[0].message.refusal;
    assert.ok(refusal.length > 5, answer.text);
    assert.equal(await stack.chain(), 'a');
    const record = await record_of(answer);
    assert.equal(record.disposition, 'primary_success');
    assert.equal(record.stop_reason, 'refusal_delivered');
    assert.equal(record.failure, 'safety_block');
  });

  test(`another model than the route's, ${how}: delivered and flagged`, async () => {
    await stack.mock_a.tell({ behaviour: 'other_model', as_model: 'somebody-else' });
    const answer = await post({ stream });
    assert.equal(answer.status, 200, answer.text);
    const record = await record_of(answer);
    assert.equal(record.disposition, 'primary_success');
    assert.equal(record.reported_model, 'somebody-else');
    assert.equal(record.model_mismatch, true);
  });

  test(`the caller's deadline, ${how}: 504 in time, the provider is let go, nothing is retried`, async () => {
    await stack.mock_a.tell({ behaviour: 'hang' });
    const answer = await post({ stream }, { 'x-signalbox-deadline-ms': '120' });
    assert.equal(answer.status, 504, answer.text);
    assert.equal(JSON.parse(answer.text).error.code, 'deadline_exceeded');
    assert.ok(answer.ended_ms >= 110 && answer.ended_ms < 1000, `after ${answer.ended_ms} ms`);
    const [request] = await stack.mock_a.settled(1);
    assert.equal(request.outcome, 'client_left');
    assert.equal(await stack.chain(), 'a');
    const record = await record_of(answer);
    assert.equal(record.disposition, 'cancelled');
    assert.equal(record.stop_reason, 'caller_deadline');
  });
}

test('a filter that ends a stream: relayed as it is, with its own class', async () => {
  await stack.mock_a.tell({ behaviour: 'content_filter_after_output', chunks: 3 });
  const answer = await post({ stream: true });
  assert.equal(answer.status, 200);
  assert.equal(answer.cut, false, 'the provider ended it cleanly');
  const finish = chunks(answer).map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean);
  assert.deepEqual(finish, ['content_filter']);
  assert.equal(await stack.chain(), 'a');
  const record = await record_of(answer);
  assert.equal(record.failure, 'content_filtered_midstream');
});

const tools = [
  {
    type: 'function',
    function: {
      name: 'pay',
      parameters: { type: 'object', properties: { sum: { type: 'string' } } },
    },
  },
];

test('a stream cut inside a tool call: no clean end, nobody else is asked', async () => {
  await stack.mock_a.tell({ behaviour: 'cut_in_tool_call' });
  const answer = await post({ stream: true, tools, messages: [{ role: 'user', content: 'use the tool' }] });
  assert.equal(answer.status, 200);
  assert.equal(answer.cut, true);
  assert.match(answer.text, /"error"/);
  assert.ok(!answer.text.includes('[DONE]'));
  assert.equal(await stack.chain(), 'a');
  const record = await record_of(answer);
  assert.match(record.disposition, /^(user_retry_required|fail_closed)$/);
  assert.equal(record.tool_calls.length, 1);
});

test('a tool that may have changed something is never run twice', async () => {
  await stack.mock_a.tell({ behaviour: 'cut_in_tool_call' });
  const answer = await post(
    { stream: true, tools, messages: [{ role: 'user', content: 'use the tool' }] },
    { 'x-signalbox-tool-effects': 'possible', 'x-signalbox-restart': 'true' },
  );
  assert.equal(answer.cut, true);
  assert.equal(await stack.chain(), 'a');
});

const head = (more) =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${stack.key}\r\n` +
  `content-type: application/json\r\n${more}\r\n\r\n`;
const plain = '{"model":"demo-model","messages":[{"role":"user","content":"hello"}]}';

test('a client that closes its sending side has left: the provider sees it within 200 ms', async () => {
  await stack.mock_a.tell({ behaviour: 'hang' });
  const socket = connect(stack.edge_port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(head(`content-length: ${plain.length}`) + plain);
  await until(async () => (await stack.mock_a.journal()).length, 1000);
  const left_ms = Date.now();
  socket.end();
  const [request] = await stack.mock_a.settled(1, 220);
  socket.destroy();
  assert.equal(request.outcome, 'client_left');
  assert.ok(request.ended_ms - left_ms <= 200, `after ${request.ended_ms - left_ms} ms`);
});

test('a body in chunks, and three requests at once on one connection', async () => {
  const chunked = `${plain.length.toString(16)}\r\n${plain}\r\n0\r\n\r\n`;
  const bytes = head('transfer-encoding: chunked') + chunked;
  const answer = await send_bytes(
    stack.edge_port,
    bytes + bytes + head(`connection: close\r\ncontent-length: ${plain.length}`) + plain,
  );
  assert.equal((answer.match(/HTTP\/1\.1 200 /g) ?? []).length, 3, answer);
  assert.equal(await stack.chain(), 'a a a');
});

describe('a policy that holds output until the answer is whole', () => {
  before(async () => {
    await stack.publish({
      policy: (policy) => {
        policy.hold_output = { until: 'complete' };
      },
    });
  });

  test('a stream that breaks in the middle is replaced before anybody saw it', async () => {
    await stack.mock_a.tell({ behaviour: 'cut_after_chunks', chunks: 3 });
    const answer = await post({ stream: true });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.cut, false);
    const text = chunks(answer).map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    assert.equal(text, 'Model demo-model heard: one two three four five six', 'one answer, once');
    assert.equal(events(answer.text).data.at(-1), '[DONE]');
    const record = await record_of(answer);
    assert.match(record.disposition, /^(primary|fallback)_success$/);
    assert.ok(record.attempts.length >= 2);
  });
});
