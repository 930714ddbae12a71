// signalboxctl as an operator types it.
import { spawn } from 'node:child_process';
import { program } from './place.mjs';

export class Ctl {
  // directory: the decider's, where its socket and first token are. token_file: of somebody else.
  constructor(directory, token_file) {
    this.options = ['--directory', directory, ...(token_file ? ['--token-file', token_file] : [])];
  }

  // {code, stdout, stderr}; never rejects because of what the program says.
  run(...words) {
    return new Promise((resolve, reject) => {
      const { PATH, HOME } = process.env;
      const child = spawn(program('signalboxctl'), [...this.options, ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH, HOME },
        timeout: 10000,
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (piece) => (stdout += piece));
      child.stderr.on('data', (piece) => (stderr += piece));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  // The JSON that a command prints; a command that fails is an error with all it said.
  async json(...words) {
    const { code, stdout, stderr } = await this.run('--output', 'json', ...words);
    if (code !== 0) throw new Error(`signalboxctl ${words.join(' ')}: ${code}\n${stderr}${stdout}`);
    return JSON.parse(stdout);
  }
}
