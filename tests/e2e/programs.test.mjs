// The programs as an operator meets them: readiness, draining, one store for one process, tokens,
// credentials bound to hosts, certificates.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { events, send } from './support/http.mjs';
import { Mock } from './support/mock.mjs';
import { program } from './support/place.mjs';
import { Program, free_port, until, within } from './support/process.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('programs');
});
after(() => stack?.stop());
beforeEach(async () => {
  if (stack.decider.how) await stack.start_decider();
  if (stack.edge.how) await stack.start_edge();
  await stack.forget();
});

const body = (stream) =>
  JSON.stringify({ model: 'demo-model', messages: [{ role: 'user', content: 'hello' }], stream });
const post = (stream = false) =>
  send(`${stack.base_url}/chat/completions`, { body: body(stream), headers: stack.headers() });
const admin = (path) =>
  send(`http://127.0.0.1:${stack.edge_admin_port}${path}`, { method: 'GET' });
const record_of = (answer) => stack.request(answer.headers['x-signalbox-request-id']);

test('readyz follows the decider, healthz does not', async () => {
  assert.equal((await admin('/readyz')).status, 200);
  await stack.decider.kill();
  assert.ok(await until(async () => (await admin('/readyz')).status === 503, 2000), 'not ready');
  assert.equal((await admin('/healthz')).status, 200);
  await stack.start_decider();
  assert.ok(await until(async () => (await admin('/readyz')).status === 200, 2000), 'ready again');
});

test('metrics are in the text format of Prometheus', async () => {
  await post();
  const { status, text } = await admin('/metrics');
  assert.equal(status, 200);
  for (const line of text.trim().split('\n'))
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? -?[0-9.e+]+(Inf|NaN)?)$/);
  assert.match(text, /^signalbox_/m);
});

test('SIGTERM lets the edge finish a running stream, then it ends with status 0', async () => {
  await stack.mock_a.tell({ behaviour: 'slow_chunks', chunk_delay_ms: 50, chunks: 10 });
  const asked = post(true);
  await until(async () => (await stack.mock_a.journal()).length, 1000);
  const how = await stack.edge.stop('SIGTERM', 10000);
  const answer = await asked;
  assert.equal(answer.cut, false);
  assert.equal(events(answer.text).data.at(-1), '[DONE]');
  assert.deepEqual(how, { code: 0, signal: null });
});

test('a second decider on the same directory is refused, and says why', async () => {
  const log = join(stack.directory, 'second.log');
  const second = new Program(
    'second decider',
    program('signalbox-decider'),
    ['--directory', stack.store, '--listen-tcp', `127.0.0.1:${await free_port()}`],
    { log },
  );
  const how = await second.exited;
  assert.equal(how.code, 69, second.output);
  assert.match(second.output, /another|lock/i);
  assert.equal((await post()).status, 200, 'the first one is not disturbed');
});

test('a second edge on the same port does not start, and names it', async () => {
  const address = `127.0.0.1:${stack.edge_port}`;
  const second = new Program(
    'second edge',
    program('signalbox-edge'),
    [
      ...['--listen', address, '--admin-listen', `127.0.0.1:${await free_port()}`],
      ...['--decider', stack.target, '--decider-token', stack.gateway_token],
    ],
    { log: join(stack.directory, 'second-edge.log') },
  );
  try {
    const how = await within(second.exited, 2000);
    assert.ok(how, `it started and takes a share of the connections to ${address}`);
    assert.equal(how.code, 74, second.output);
    assert.match(second.output, new RegExp(`${address}.*in use`));
  } finally {
    await second.kill();
  }
});

for (const name of ['signalbox-decider', 'signalbox-edge', 'signalboxctl']) {
  test(`${name}: --help, --version, and an option that does not exist`, async () => {
    const run = async (...words) => {
      const started = new Program(name, program(name), words, {
        log: join(stack.directory, `${name}${words[0]}.log`),
      });
      const { code } = await started.exited;
      return { code, text: started.output };
    };
    const help = await run('--help');
    assert.equal(help.code, 0);
    assert.match(help.text, /SIGNALBOX_/);
    assert.deepEqual((await run('--version')).code, 0);
    const command = name === 'signalboxctl' ? ['policy', 'list'] : [];
    const wrong = await run('--no-such-option', ...command);
    assert.equal(wrong.code, 64);
    assert.match(wrong.text, /no-such-option/);
  });
}

test('a request that was never made, and an id that cannot be one', async () => {
  const never = await stack.ctl.run('request', 'show', '01a1f80c-164a-77f3-8253-42fc2936eb5e');
  assert.equal(never.code, 66);
  assert.match(never.stderr, /no such request/);
  const nonsense = await stack.ctl.run('request', 'show', 'nonsense');
  assert.equal(nonsense.code, 65);
  assert.match(nonsense.stderr, /request_id/);
});

test('the decider is away: signalboxctl says so with code 69', async () => {
  await stack.decider.kill();
  const { code, stderr } = await stack.ctl.run('--timeout-ms', '500', 'policy', 'list');
  assert.ok([69, 75].includes(code), `${code} ${stderr}`);
  assert.ok(stderr.length > 20);
});

test('an edge whose token the decider refuses sends nothing anywhere', async () => {
  const right = stack.gateway_token;
  await stack.edge.stop();
  stack.gateway_token = 'sbx_of-nobody';
  try {
    const started = stack.start_edge();
    const up = await until(
      () => post().then((answer) => answer, () => undefined),
      5000,
    );
    assert.ok(up.status >= 500, `${up.status} ${up.text}`);
    assert.equal(JSON.parse(up.text).error.type, 'server_error');
    assert.equal(await stack.chain(), '');
    await stack.edge.stop();
    await started.catch(() => {});
  } finally {
    stack.gateway_token = right;
  }
});

test('a credential goes only to its hosts: elsewhere nothing is sent', async () => {
  await stack.edge.stop();
  await stack.start_edge({
    SIGNALBOX_CREDENTIAL_MOCK_A_KEY_HOSTS: 'api.example.com',
    SIGNALBOX_CREDENTIAL_MOCK_B_KEY_HOSTS: 'api.example.com',
  });
  const answer = await post();
  assert.ok(answer.status >= 500, `${answer.status} ${answer.text}`);
  assert.equal(await stack.chain(), '');
  assert.ok(!answer.text.includes(stack.mock_a.key));
  await stack.edge.stop();
});

describe('HTTPS towards providers', () => {
  let tls, certificate;

  before(async () => {
    certificate = join(stack.directory, 'certificate.pem');
    const key = join(stack.directory, 'key.pem');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-days', '2', '-keyout', key, '-out', certificate],
      ],
      { stdio: 'pipe' },
    );
    tls = await Mock.start('mock-tls', stack.directory, {
      key: stack.mock_a.key,
      more: ['--tls-cert', certificate, '--tls-key', key],
    });
    await stack.publish({
      catalog: ({ routes }) => {
        for (const route of routes)
          if (route.id === 'demo-at-mock-a') route.base_url = `https://${tls.host}/v1`;
      },
    });
  });
  after(() => tls?.stop());
  beforeEach(async () => {
    tls.seen = 0;
    await tls.admin('DELETE', 'journal');
  });

  test('a certificate that nobody vouches for: network_error, and no key is sent there', async () => {
    const answer = await post();
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['x-signalbox-provider'], 'mock-b');
    const record = await record_of(answer);
    assert.equal(record.attempts[0].failure, 'network_error');
    assert.equal(record.attempts[0].transport, 'tls');
    assert.equal((await tls.journal()).length, 0);
  });

  test('one that --ca-file vouches for: served, over HTTP/2', async () => {
    await stack.edge.stop();
    await stack.start_edge({}, ['--ca-file', certificate]);
    for (const stream of [false, true]) {
      const answer = await post(stream);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers['x-signalbox-provider'], 'mock-a');
    }
    const requests = await tls.settled(2);
    assert.deepEqual(requests.map((request) => request.http), ['2', '2']);
    await stack.edge.stop();
  });
});
