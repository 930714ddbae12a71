// Programs under test: started with their output in a file, ended by their own process id.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set();

// What a test file started never outlives it.
process.on('exit', () => {
  for (const program of running) program.child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

export class Program {
  // environment is all that the program sees besides PATH and HOME.
  constructor(name, file, args, { log, environment = {} }) {
    this.name = name;
    this.log = log;
    const out = openSync(log, 'a');
    const { PATH, HOME } = process.env;
    this.child = spawn(file, args, {
      stdio: ['ignore', out, out],
      env: { PATH, HOME, ...environment },
    });
    closeSync(out);
    this.pid = this.child.pid;
    running.add(this);
    this.exited = new Promise((done) => {
      this.child.once('error', (error) => done({ error }));
      this.child.once('exit', (code, signal) => done({ code, signal }));
    }).then((how) => {
      running.delete(this);
      this.how = how;
      return how;
    });
  }

  get output() {
    return readFileSync(this.log, 'utf8');
  }

  // Until ready() gives something; an end of the program before that is an error with its output.
  async ready(ready, limit_ms = 10000) {
    const what = await until(async () => {
      if (this.how) throw new Error(`${this.name} ended: ${JSON.stringify(this.how)}\n${this.output}`);
      return ready();
    }, limit_ms);
    if (!what) throw new Error(`${this.name} is not ready after ${limit_ms} ms\n${this.output}`);
    return what;
  }

  // The way an operator stops it; what does not end in time is killed and that is an error.
  async stop(signal = 'SIGTERM', limit_ms = 5000) {
    if (this.how) return this.how;
    this.child.kill(signal);
    if (!(await within(this.exited, limit_ms))) {
      await this.kill();
      throw new Error(`${this.name} did not end within ${limit_ms} ms of ${signal}`);
    }
    return this.how;
  }

  async kill() {
    if (!this.how) this.child.kill('SIGKILL');
    return this.exited;
  }
}

// The first truthy value of ask(), asked every step_ms; undefined when limit_ms has passed.
export async function until(ask, limit_ms, step_ms = 10) {
  const end = performance.now() + limit_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() >= end) return undefined;
    await sleep(step_ms);
  }
}

// promise's value, or undefined when limit_ms has passed.
export async function within(promise, limit_ms) {
  const timer = new AbortController();
  const late = sleep(limit_ms, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

// A port that nobody listens on, below the range that outgoing connections take theirs from.
export async function free_port() {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    const free = await new Promise((done) => {
      const server = createServer();
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
    if (free) return port;
  }
}
