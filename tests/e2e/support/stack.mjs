// A whole Signalbox for one test file: two mock providers, a decider on a fresh store with the
// example catalog and policy, keys, evidence put by somebody who did not write the policy, and an
// edge; all on ports of their own.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ctl } from './ctl.mjs';
import { same_model } from './evidence.mjs';
import { Mock } from './mock.mjs';
import { directory, policies, program } from './place.mjs';
import { Program, free_port } from './process.mjs';

const read = (file) => JSON.parse(readFileSync(join(policies, file), 'utf8'));

// Timeouts of the mock routes: short, so that a test of one is quick.
export const timeouts_ms = { connect: 250, first_output: 250, idle: 300, total: 20000 };

const demo_evidence = same_model(
  { workflow: 'demo-chat', environment: 'production' },
  'demo-at-mock-b',
);

class Stack {
  constructor(label) {
    this.directory = directory(label);
    this.store = join(this.directory, 'store');
  }

  file(name, content) {
    const path = join(this.directory, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    return path;
  }

  async start_mocks() {
    [this.mock_a, this.mock_b] = await Promise.all([
      Mock.start('mock-a', this.directory, { key: 'sk-of-mock-a' }),
      Mock.start('mock-b', this.directory, { key: 'sk-of-mock-b' }),
    ]);
  }

  async choose_ports() {
    this.decider_port = await free_port();
    this.edge_port = await free_port();
    this.edge_admin_port = await free_port();
    this.target = `127.0.0.1:${this.decider_port}`;
    this.base_url = `http://127.0.0.1:${this.edge_port}/v1`;
    this.ctl = new Ctl(this.store);
  }

  // environment: what a test of crashes sets besides.
  async start_decider(environment = {}) {
    this.decider = new Program(
      'decider',
      program('signalbox-decider'),
      [
        ...['--directory', this.store],
        ...['--listen-tcp', this.target],
      ],
      { log: join(this.directory, 'decider.log'), environment },
    );
    await this.decider.ready(async () => (await this.ctl.run('policy', 'list')).code === 0);
  }

  async start_edge(environment = {}, options = []) {
    this.edge = new Program(
      'edge',
      program('signalbox-edge'),
      [
        ...['--listen', `127.0.0.1:${this.edge_port}`],
        ...['--admin-listen', `127.0.0.1:${this.edge_admin_port}`],
        ...['--decider', `unix:${join(this.store, 'decider.sock')}`],
        ...['--decider-token-file', this.file('gateway.token', this.gateway_token)],
        ...['--models', 'demo-model'],
        ...options,
      ],
      {
        log: join(this.directory, 'edge.log'),
        environment: {
          SIGNALBOX_CREDENTIAL_MOCK_A_KEY: this.mock_a.key,
          SIGNALBOX_CREDENTIAL_MOCK_A_KEY_HOSTS: '127.0.0.1',
          SIGNALBOX_CREDENTIAL_MOCK_B_KEY: this.mock_b.key,
          SIGNALBOX_CREDENTIAL_MOCK_B_KEY_HOSTS: '127.0.0.1',
          ...environment,
        },
      },
    );
    const url = `http://127.0.0.1:${this.edge_admin_port}/readyz`;
    await this.edge.ready(() =>
      fetch(url).then(
        (response) => response.ok,
        () => false,
      ),
    );
  }

  // catalog and policy: functions that change the example documents before they are published.
  // evidence: what is put for the policy; by default what the example needs.
  async publish({ catalog = () => {}, policy = () => {}, evidence = demo_evidence } = {}) {
    const places = read('catalog.json');
    for (const route of places.routes) {
      const mock = route.base_url.includes(':9101') ? this.mock_a : this.mock_b;
      route.base_url = mock.base;
      route.timeouts_ms = { ...timeouts_ms };
    }
    catalog(places);
    await this.ctl.json('catalog', 'publish', this.file('catalog.json', places));
    const rules = read('demo-chat.json');
    rules.retry = { backoff_base_ms: 20, backoff_cap_ms: 40, max_retry_after_ms: 300 };
    policy(rules);
    if (evidence.length) await this.approve(evidence);
    await this.publish_policy(rules);
  }

  // The second operator: who wrote a policy cannot approve it.
  async reviewer() {
    if (!this.reviewing) {
      const { secret } = await this.make_key('--role', 'operator', '--label', 'reviewer');
      this.reviewing = new Ctl(this.store, this.file('reviewer.token', secret));
    }
    return this.reviewing;
  }

  // Puts pieces of evidence; what signalboxctl printed.
  async approve(pieces, ...options) {
    const file = this.file(`evidence-${(this.puts = (this.puts ?? 0) + 1)}.json`, { evidence: pieces });
    return (await this.reviewer()).json('evidence', 'put', file, ...options);
  }

  async publish_policy(document) {
    this.published = document;
    const file = this.file(`${document.policy_id}.json`, document);
    await this.ctl.json('policy', 'publish', file);
    const { policy } = await this.ctl.json('policy', 'activate', document.policy_id);
    this.policy_id = policy.policy_id;
    this.policy_version = policy.version;
    return policy;
  }

  async make_key(...options) {
    return this.ctl.json('key', 'create', ...options);
  }

  async make_keys() {
    this.gateway_token = (await this.make_key('--role', 'gateway', '--label', 'test edge')).secret;
    this.key = (
      await this.make_key(
        ...['--role', 'client', '--tenant', 'test', '--label', 'test client'],
        ...['--default-workload', 'demo-chat', '--default-environment', 'production'],
      )
    ).secret;
  }

  operator_token() {
    return readFileSync(join(this.store, 'operator.token'), 'utf8').trim();
  }

  // The record of one request, or of the last one.
  async request(id) {
    return (await this.ctl.json('request', 'show', id)).record;
  }
  last_request() {
    return this.request('--last');
  }

  // Headers of a chat completion by the test's client.
  headers(more = {}) {
    return {
      'content-type': 'application/json',
      authorization: `Bearer ${this.key}`,
      ...more,
    };
  }

  async forget() {
    await Promise.all([this.mock_a.forget(), this.mock_b.forget()]);
  }

  // What both providers received since forget(), in the order of arrival: "a", "b" and so on.
  async chain() {
    const [a, b] = await Promise.all([this.mock_a.journal(), this.mock_b.journal()]);
    return [...a.map((entry) => ['a', entry]), ...b.map((entry) => ['b', entry])]
      .sort(([, one], [, other]) => one.arrived_ms - other.arrived_ms)
      .map(([name]) => name)
      .join(' ');
  }

  async stop() {
    const stopped = [];
    for (const program of [this.edge, this.decider, this.mock_a?.process, this.mock_b?.process])
      if (program) stopped.push(await program.stop().catch((error) => error));
    const error = stopped.find((how) => how instanceof Error);
    if (error) throw error;
  }
}

export async function start_stack(label, { edge = true, ...documents } = {}) {
  const stack = new Stack(label);
  try {
    await Promise.all([stack.start_mocks(), stack.choose_ports()]);
    await stack.start_decider();
    await stack.publish(documents);
    await stack.make_keys();
    if (edge) await stack.start_edge();
  } catch (error) {
    await stack.stop().catch(() => {});
    throw error;
  }
  return stack;
}
