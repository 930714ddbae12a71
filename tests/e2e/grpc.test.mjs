// @grpc/grpc-js, an implementation of gRPC that shares no code with the decider's, with a client
// made from nothing but server reflection.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { bearer, call, credentials, reflect } from './support/grpc.mjs';
import { admission, ask, report, request_id } from './support/question.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('grpc', { edge: false });
});
after(() => stack?.stop());

for (const version of ['v1', 'v1alpha']) {
  describe(`a client made by reflection ${version}`, () => {
    let reflected, decisions;

    before(async () => {
      reflected = await reflect(stack.target, { version });
      decisions = new reflected.root.signalbox.v1.DecisionService(
        stack.target,
        credentials.createInsecure(),
      );
    });
    after(() => decisions?.close());

    const decide = (question, more) =>
      call(decisions, 'Decide', question, { token: stack.gateway_token, ...more }).then(
        (answer) => answer.decision,
      );

    test('lists every service and finds every file', () => {
      for (const name of [
        'grpc.health.v1.Health',
        'signalbox.v1.DecisionService',
        'signalbox.v1.HistoryService',
        'signalbox.v1.KeyService',
        'signalbox.v1.PolicyService',
      ])
        assert.ok(reflected.services.includes(name), `${name} in ${reflected.services}`);
      assert.ok(reflected.files.includes('google/rpc/status.proto'));
    });

    test('health: serving, by service too, and unknown for what is not there', async () => {
      const health = new reflected.root.grpc.health.v1.Health(
        stack.target,
        credentials.createInsecure(),
      );
      try {
        assert.equal((await call(health, 'Check', { service: '' })).status, 'SERVING');
        const service = 'signalbox.v1.DecisionService';
        assert.equal((await call(health, 'Check', { service })).status, 'SERVING');
        await assert.rejects(call(health, 'Check', { service: 'nobody' }), { code: status.NOT_FOUND });
      } finally {
        health.close();
      }
    });

    test('Decide: admission, failure, retry, fallback, success, and the record', async () => {
      const question = ask({ key: stack.key });
      const admitted = await decide(question);
      assert.equal(admitted.action, 'ACTION_SEND');
      assert.equal(admitted.reason, 'REASON_PRIMARY');
      assert.equal(admitted.attempt, 1);
      assert.equal(admitted.policy_id, stack.policy_id);
      assert.equal(admitted.route.provider, 'mock-a');
      assert.equal(admitted.route.tier, 'TIER_PRIMARY');
      assert.ok(admitted.timeouts.total_ms > 0);
      assert.ok(admitted.resume_token.length > 0 && admitted.resume_token.length <= 512);

      const again = await decide(report(question, admitted, 'server_error'));
      assert.equal(again.action, 'ACTION_RETRY');
      assert.equal(again.failure, 'FAILURE_TEMPORARY_5XX');
      assert.equal(again.durable, true);
      assert.equal(again.route.id, admitted.route.id);

      const other = await decide(report(question, again, 'server_error'));
      assert.equal(other.action, 'ACTION_FALLBACK');
      assert.equal(other.route.provider, 'mock-b');
      assert.equal(other.route.tier, 'TIER_SAME_MODEL');
      assert.equal(other.attempt, 3);

      const done = await decide(report(question, other, 'success'));
      assert.equal(done.action, 'ACTION_COMPLETE');
      assert.equal(done.disposition, 'DISPOSITION_FALLBACK_SUCCESS');
      assert.equal(done.durable, true);
      assert.deepEqual(
        done.record.attempts.map((attempt) => [attempt.provider, attempt.http_status, attempt.failure]),
        [
          ['mock-a', 500, 'FAILURE_TEMPORARY_5XX'],
          ['mock-a', 500, 'FAILURE_TEMPORARY_5XX'],
          ['mock-b', 200, 'FAILURE_UNSPECIFIED'],
        ],
      );
    });

    test('the same question again gets the same answer and moves nothing', async () => {
      const question = ask({ key: stack.key });
      const first = await decide(question);
      const second = await decide(question);
      assert.equal(second.decision_id, first.decision_id);
      assert.deepEqual(second.route, first.route);
      const failed = report(question, first, 'server_error');
      const third = await decide(failed);
      const fourth = await decide(failed);
      assert.equal(fourth.decision_id, third.decision_id);
      assert.equal(fourth.attempt, third.attempt);
      assert.equal(fourth.delay_ms, third.delay_ms);
    });

    test('the same request id with other facts is refused', async () => {
      const question = ask({ key: stack.key });
      await decide(question);
      const other = { ...question, admission: { ...question.admission, stream: true } };
      await assert.rejects(decide(other), { code: status.ALREADY_EXISTS });
    });

    test('StreamDecide: a batch of forty requests, in any order, each to its end', async () => {
      const stream = decisions.StreamDecide(bearer(stack.gateway_token));
      const open = new Map();
      let correlation = 0;
      let refused;
      stream.on('error', (error) => {
        refused = error;
        for (const { reject } of open.values()) reject(error);
      });
      stream.on('data', ({ items }) => {
        for (const item of items) {
          const waiting = open.get(item.correlation_id);
          open.delete(item.correlation_id);
          if (item.error) waiting.reject(new Error(item.error.message));
          else waiting.resolve(item.decision);
        }
      });
      const batch = (questions) => {
        const items = questions.map((request) => ({ correlation_id: String(++correlation), request }));
        const answers = items.map(
          (item) =>
            new Promise((resolve, reject) => open.set(item.correlation_id, { resolve, reject })),
        );
        stream.write({ items });
        return Promise.all(answers);
      };
      const questions = Array.from({ length: 40 }, () => ask({ key: stack.key }));
      const admitted = await batch(questions);
      assert.ok(admitted.every((decision) => decision.action === 'ACTION_SEND'));
      assert.equal(new Set(admitted.map((decision) => decision.decision_id)).size, 40);
      const done = await batch(questions.map((question, i) => report(question, admitted[i], 'success')));
      for (const [i, decision] of done.entries()) {
        assert.equal(decision.action, 'ACTION_COMPLETE');
        assert.equal(decision.durable, true);
        assert.equal(decision.record.request_id, questions[i].request_id);
      }
      stream.end();
      await new Promise((ended) => stream.on('end', ended).on('status', ended));
      assert.equal(refused, undefined);
    });

    test("an item's error ends that item alone", async () => {
      const stream = decisions.StreamDecide(bearer(stack.gateway_token));
      const replies = new Map();
      const both = new Promise((resolve, reject) => {
        stream.on('error', reject);
        stream.on('data', ({ items }) => {
          for (const item of items) replies.set(item.correlation_id, item);
          if (replies.size === 2) resolve();
        });
      });
      const bad = ask({ key: stack.key, id: 'not-a-uuid' });
      stream.write({
        items: [
          { correlation_id: '1', request: bad },
          { correlation_id: '2', request: ask({ key: stack.key }) },
        ],
      });
      await both;
      assert.equal(replies.get('1').error.code, status.INVALID_ARGUMENT);
      assert.equal(replies.get('2').decision.action, 'ACTION_SEND');
      stream.end();
    });

    test('Explain: the full trace of a dry run, nothing stored', async () => {
      const { decision } = await call(
        decisions,
        'Explain',
        { admission: admission({ key: stack.key }), reports: [] },
        { token: stack.gateway_token },
      );
      assert.equal(decision.action, 'ACTION_SEND');
      assert.equal(decision.resume_token.length, 0);
      const gates = new Set(decision.trace.items.map((item) => item.gate));
      for (const gate of ['BOUNDARY', 'TOOLS', 'STREAMING', 'OBSERVABILITY', 'COST', 'QUALITY'])
        assert.ok(gates.has(`GATE_${gate}`), `${gate} in ${[...gates]}`);
    });
  });
}

describe('refusals', () => {
  let decisions, keys;

  before(async () => {
    const { root } = await reflect(stack.target);
    decisions = new root.signalbox.v1.DecisionService(stack.target, credentials.createInsecure());
    keys = new root.signalbox.v1.KeyService(stack.target, credentials.createInsecure());
  });
  after(() => {
    decisions?.close();
    keys?.close();
  });

  test('no token and a wrong token: UNAUTHENTICATED', async () => {
    for (const token of [undefined, 'sbx_of-nobody'])
      await assert.rejects(call(decisions, 'Decide', ask({ key: stack.key }), { token }), {
        code: status.UNAUTHENTICATED,
      });
  });

  test("a gateway's token makes no keys: PERMISSION_DENIED", async () => {
    await assert.rejects(
      call(keys, 'CreateKey', { key: { role: 'ROLE_OPERATOR' } }, { token: stack.gateway_token }),
      { code: status.PERMISSION_DENIED },
    );
  });

  test('a client key opens no gRPC method', async () => {
    await assert.rejects(
      call(decisions, 'Decide', ask({ key: stack.key }), { token: stack.key }),
      (error) => [status.PERMISSION_DENIED, status.UNAUTHENTICATED].includes(error.code),
    );
  });

  test('a method that is not there: UNIMPLEMENTED', async () => {
    await new Promise((done, fail) => {
      decisions.makeUnaryRequest(
        '/signalbox.v1.DecisionService/Guess',
        (bytes) => bytes,
        (bytes) => bytes,
        Buffer.alloc(0),
        bearer(stack.gateway_token),
        { deadline: Date.now() + 3000 },
        (error) => (error?.code === status.UNIMPLEMENTED ? done() : fail(error ?? new Error('answered'))),
      );
    });
  });

  const raw = (bytes) =>
    new Promise((resolve) => {
      decisions.makeUnaryRequest(
        '/signalbox.v1.DecisionService/Decide',
        (same) => same,
        (same) => same,
        bytes,
        bearer(stack.gateway_token),
        { deadline: Date.now() + 5000 },
        (error) => resolve(error),
      );
    });

  test('bytes that are no message: INVALID_ARGUMENT', async () => {
    const error = await raw(Buffer.from([0x0a, 0xff, 0xff, 0xff]));
    assert.equal(error?.code, status.INVALID_ARGUMENT, error?.message);
  });

  test('invalid UTF-8 and an embedded NUL: INVALID_ARGUMENT that names the field', async () => {
    for (const text of [Buffer.from([0xc3, 0x28]), Buffer.from([0x61, 0x00, 0x62])]) {
      const error = await raw(Buffer.concat([Buffer.from([0x0a, text.length]), text]));
      assert.equal(error?.code, status.INVALID_ARGUMENT, error?.message);
      const [details] = error.metadata.get('grpc-status-details-bin');
      assert.match(`${details}`, /BadRequest.*request_id/s);
    }
  });

  test('a message beyond the limit: RESOURCE_EXHAUSTED', async () => {
    const error = await raw(Buffer.alloc(5 * 1024 * 1024));
    assert.equal(error?.code, status.RESOURCE_EXHAUSTED, error?.message);
  });

  test('a request id that is ten minutes off is refused at admission', async () => {
    const stale = ask({ key: stack.key, id: request_id(Date.now() - 11 * 60 * 1000) });
    await assert.rejects(call(decisions, 'Decide', stale, { token: stack.gateway_token }), {
      code: status.INVALID_ARGUMENT,
    });
  });

  test("a skipped boundary is refused; another request's token too", async () => {
    const token = stack.gateway_token;
    const one = ask({ key: stack.key });
    const two = ask({ key: stack.key });
    const first = (await call(decisions, 'Decide', one, { token })).decision;
    const second = (await call(decisions, 'Decide', two, { token })).decision;
    const skipped = { ...report(one, first, 'success'), boundary: 2 };
    await assert.rejects(call(decisions, 'Decide', skipped, { token }), {
      code: status.FAILED_PRECONDITION,
    });
    const foreign = { ...report(one, first, 'success'), resume_token: second.resume_token };
    await assert.rejects(
      call(decisions, 'Decide', foreign, { token }),
      (error) => [status.INVALID_ARGUMENT, status.PERMISSION_DENIED].includes(error.code),
    );
  });
});
