// The decider goes away and comes back while clients ask the edge.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { send } from './support/http.mjs';
import { root } from './support/place.mjs';
import { until, within } from './support/process.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('away');
});
after(() => stack?.stop());
beforeEach(async () => {
  if (stack.decider.how) await stack.start_decider();
  await stack.forget();
});

const body = JSON.stringify({
  model: 'demo-model',
  messages: [{ role: 'user', content: 'are you there' }],
});
const post = () => send(`${stack.base_url}/chat/completions`, { body, headers: stack.headers() });

test('the decider stays away: the edge waits 2 s, then fails closed with 503', async () => {
  await stack.decider.kill();
  const answer = await post();
  assert.equal(answer.status, 503, answer.text);
  assert.equal(JSON.parse(answer.text).error.code, 'decider_unavailable');
  assert.equal(answer.headers['x-should-retry'], 'true');
  assert.ok(answer.headers['retry-after'], 'it says when to come back');
  assert.ok(Number(answer.headers['retry-after']) <= 60);
  assert.ok(answer.ended_ms >= 1800 && answer.ended_ms < 3000, `after ${answer.ended_ms} ms`);
  assert.equal(await stack.chain(), '', 'nothing is sent without a decision');
});

test('it returns within 2 s: the request succeeds', async () => {
  await stack.decider.kill();
  const asked = post();
  await sleep(700);
  await stack.start_decider();
  const answer = await asked;
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.ended_ms >= 700 && answer.ended_ms < 2700, `after ${answer.ended_ms} ms`);
});

test('a request after its return succeeds without anybody touching the edge', async () => {
  await stack.decider.kill();
  await stack.start_decider();
  const answer = await post();
  assert.equal(answer.status, 200, answer.text);
});

test('killed while the provider works, back at once: the request is adopted and ends well', async () => {
  await stack.mock_a.tell({ behaviour: 'slow_first_byte', delay_ms: 150 });
  const asked = post();
  await until(async () => (await stack.mock_a.journal()).length, 1000);
  await stack.decider.kill();
  await stack.start_decider();
  const answer = await asked;
  assert.equal(answer.status, 200, answer.text);
  const id = answer.headers['x-signalbox-request-id'];
  const record = await until(() => ended(id), 3000);
  assert.equal(record.disposition, 'primary_success');
  assert.equal(record.attempts.length, 1);
  assert.equal(await stack.chain(), 'a');
});

const ended = async (id) => {
  const record = await stack.request(id).catch(() => undefined);
  return record?.disposition && record;
};

test('killed while the provider works, away for longer: the good answer is delivered all the same', async () => {
  await stack.mock_a.tell({ behaviour: 'slow_first_byte', delay_ms: 150 });
  const asked = post();
  await until(async () => (await stack.mock_a.journal()).length, 1000);
  await stack.decider.kill();
  const answer = await asked;
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.text, /heard: are you there/);
  assert.equal(answer.headers['x-signalbox-disposition'], 'pending');
  await stack.start_decider();
  const record = await until(() => ended(answer.headers['x-signalbox-request-id']), 5000);
  assert.ok(record, 'the report is sent until it is acknowledged');
  assert.equal(record.disposition, 'primary_success');
});

test('killed before it hears of a failed attempt, back in time: the fallback follows', async () => {
  await stack.mock_a.tell({ behaviour: 'status', status: 500, delay_ms: 150 });
  const asked = post();
  await until(async () => (await stack.mock_a.journal()).length, 1000);
  await stack.decider.kill();
  await sleep(400);
  await stack.start_decider();
  const answer = await asked;
  assert.equal(answer.status, 200, answer.text);
  assert.equal(await stack.chain(), 'a a b');
  const record = await until(() => ended(answer.headers['x-signalbox-request-id']), 3000);
  assert.equal(record.disposition, 'fallback_success');
  assert.equal(record.attempts.length, 3);
});

test('a lost admission is adopted by its token, and the client notices nothing', async () => {
  // The kill point before the commit loses the admission; the edge may lose its answer too, and
  // then asks again, so until it happens.
  for (let tries = 0; tries < 20; tries++) {
    await stack.decider.stop();
    await stack.start_decider({ SIGNALBOX_KILL_POINT: 'before_commit:1' });
    const asked = post();
    assert.deepEqual(await within(stack.decider.exited, 3000), { code: null, signal: 'SIGKILL' });
    await stack.start_decider();
    const answer = await asked;
    assert.equal(answer.status, 200, answer.text);
    const record = await until(() => ended(answer.headers['x-signalbox-request-id']), 3000);
    assert.equal(record.disposition, 'primary_success');
    if (record.adopted) return;
  }
  assert.fail('no request was adopted');
});

describe('killed at any kill point under load, and back: every request is answered well', () => {
  const points = [
    ...readFileSync(join(root, 'decider/store/kill_point.def'), 'utf8').matchAll(/^K\(\w+, "(\w+)"/gm),
  ].map(([, name]) => name);
  for (const point of points)
    test(point, async () => {
      await stack.decider.stop();
      await stack.start_decider({ SIGNALBOX_KILL_POINT: `${point}:3` });
      await stack.mock_a.tell({ behaviour: 'server_error', times: 5 });
      // A batch of the writer may hold many steps: more requests until the third one has come.
      const asked = [];
      while (!stack.decider.how) {
        assert.ok(asked.length < 500, `${point} is not passed three times`);
        asked.push(...Array.from({ length: 10 }, post));
        await within(stack.decider.exited, 100);
      }
      await stack.start_decider();
      const answers = await Promise.all(asked);
      for (const answer of answers) {
        assert.equal(answer.status, 200, answer.text);
        const record = await until(() => ended(answer.headers['x-signalbox-request-id']), 3000);
        assert.match(record.disposition, /^(primary|fallback)_success$/);
      }
    });
});

test('the SDK, told to try again, succeeds when the decider is back', async () => {
  const client = new OpenAI({ baseURL: stack.base_url, apiKey: stack.key });
  await stack.decider.kill();
  const asked = client.chat.completions.create(JSON.parse(body));
  await sleep(2300);
  await stack.start_decider();
  const answer = await asked;
  assert.match(answer.choices[0].message.content, /heard: are you there/);
});

test('SIGTERM drains: requests in flight end well, and the program ends with status 0', async () => {
  const answers = Array.from({ length: 20 }, post);
  await sleep(20);
  const how = await stack.decider.stop('SIGTERM');
  assert.deepEqual(how, { code: 0, signal: null });
  await stack.start_decider();
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200, answer.text);
});
