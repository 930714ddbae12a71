// The mock provider: what it is told, and what its journal says that it received.
import { join } from 'node:path';
import { send } from './http.mjs';
import { program } from './place.mjs';
import { Program, until } from './process.mjs';

export class Mock {
  constructor(name, directory, { key, port = 0, more = [] } = {}) {
    this.name = name;
    this.directory = directory;
    this.key = key;
    this.seen = 0;
    const args = ['--port', String(port), ...more];
    this.scheme = more.includes('--tls-cert') ? 'https' : 'http';
    if (key) args.push('--api-key', key);
    this.process = new Program(name, program('signalbox-mock'), args, {
      log: join(directory, `${name}.log`),
    });
  }

  static async start(name, directory, options) {
    const mock = new Mock(name, directory, options);
    const [, host] = await mock.process.ready(() =>
      /^listening (\S+)$/m.exec(mock.process.output),
    );
    mock.host = host;
    mock.base = `${mock.scheme}://${host}/v1`;
    await mock.process.ready(() => mock.admin('GET', 'health').catch(() => false));
    return mock;
  }

  // The same provider after a stop, with an empty journal.
  again() {
    const port = Number(this.host.split(':')[1]);
    return Mock.start(this.name, this.directory, { key: this.key, port });
  }

  async admin(method, path, body) {
    const url = `${this.scheme}://${this.host}/admin/${path}`;
    const { status, text } = await send(url, { method, body: body && JSON.stringify(body) });
    if (status !== 200) throw new Error(`${method} /admin/${path}: ${status} ${text}`);
    return JSON.parse(text);
  }

  // Rules in the mock's own words; see tests/support/mock/README.md.
  tell(...rules) {
    return this.admin('POST', 'behaviour', rules.map((rule) => ({ model: '*', ...rule })));
  }

  // No rules, and the journal from here on.
  async forget() {
    await this.admin('DELETE', 'behaviour');
    this.seen = (await this.admin('GET', 'journal?limit=1')).last;
  }

  // Requests received since forget(), oldest first.
  async journal() {
    return (await this.admin('GET', `journal?since=${this.seen}`)).entries;
  }

  // The journal once it has count entries and none of them is open.
  async settled(count, limit_ms = 2000) {
    let entries;
    await until(async () => {
      entries = await this.journal();
      return entries.length >= count && entries.every((entry) => entry.outcome !== 'open');
    }, limit_ms);
    return entries;
  }

  stop() {
    return this.process.stop();
  }
}
