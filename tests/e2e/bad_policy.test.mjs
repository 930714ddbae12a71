// Every kind of error that a policy or catalog document can have, as signalboxctl reports it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { policies, root } from './support/place.mjs';
import { start_stack } from './support/stack.mjs';

let stack;

before(async () => {
  stack = await start_stack('policy', { edge: false });
});
after(() => stack?.stop());

// The closed list of findings, from the table that the programs are built with.
const findings = new Map(
  [
    ...readFileSync(join(root, 'decider/engine/diagnostic.def'), 'utf8').matchAll(
      /^D\(\w+, "(\w+)", (true|false), /gm,
    ),
  ].map(([, name, error]) => [name, error === 'true']),
);
const files = readdirSync(join(policies, 'bad')).filter((name) => name.endsWith('.json'));
// Whose document a file is, by the name before the code; evidence_demanded is a code of its own.
function kind_of(file) {
  if (findings.has(basename(file, '.json'))) return 'policy';
  return file.startsWith('catalog_') ? 'catalog' : 'evidence';
}
const code_of = (file) =>
  kind_of(file) === 'policy' ? basename(file, '.json') : basename(file, '.json').replace(/^[a-z]+_/, '');
const words_of = { policy: ['policy', 'validate'], catalog: ['catalog', 'publish'], evidence: ['evidence', 'put'] };

test('there is a document for every finding', () => {
  const covered = new Set(files.map(code_of));
  assert.deepEqual(
    [...findings.keys()].filter((name) => !covered.has(name)),
    [],
  );
});

async function diagnostics_of(file) {
  const path = join(policies, 'bad', file);
  const words = [...words_of[kind_of(file)], path];
  const { code, stdout, stderr } = await stack.ctl.run('--output', 'json', ...words);
  let answer;
  try {
    answer = JSON.parse(stdout);
  } catch {
    assert.fail(`${words.join(' ')} printed no JSON: ${stdout}${stderr}`);
  }
  return { code, diagnostics: answer.diagnostics, answer };
}

describe('documents in policies/bad', () => {
  for (const file of files) {
    const code = code_of(file);
    test(`${file}: ${code}, with its place`, async () => {
      assert.ok(findings.has(code), `${code} is no finding`);
      const { code: exit, diagnostics } = await diagnostics_of(file);
      const found = diagnostics.find((diagnostic) => diagnostic.code === code);
      assert.ok(found, JSON.stringify(diagnostics));
      assert.equal(Boolean(found.error), findings.get(code));
      assert.equal(exit, findings.get(code) ? 65 : 0);
      assert.ok(found.hint, 'a hint that helps');
      // What the JSON reader finds has line and column; what the checks find has a pointer.
      if (['syntax', 'duplicate_key'].includes(code)) assert.ok(found.line > 1 && found.column > 0);
      else if (code !== 'too_large') assert.match(found.pointer ?? '', /^(\/|$)/);
      if (findings.get(code))
        assert.deepEqual(
          [...new Set(diagnostics.filter((d) => d.error).map((d) => d.code))],
          [code],
          'this error alone',
        );
    });
  }
});

test('the same findings are readable as text', async () => {
  const file = join(policies, 'bad', 'unknown_field.json');
  const { code, stdout, stderr } = await stack.ctl.run('policy', 'validate', file);
  assert.equal(code, 65);
  assert.match(stdout + stderr, /unknown_field/);
});

test('a document with an error is not published', async () => {
  const file = join(policies, 'bad', 'unknown_field.json');
  const before = await stack.ctl.json('policy', 'list');
  const { code } = await stack.ctl.run('policy', 'publish', file);
  assert.equal(code, 65);
  assert.deepEqual(await stack.ctl.json('policy', 'list'), before);
});

test('all errors of a document come at once', async () => {
  const document = JSON.parse(readFileSync(join(policies, 'demo-chat.json'), 'utf8'));
  document.colour = 'red';
  document.limits.max_total_attempts = 'three';
  document.fallback_routes[0].allowed_reasons.push('bad_weather');
  const file = stack.file('three.json', document);
  const { code, stdout } = await stack.ctl.run('--output', 'json', 'policy', 'validate', file);
  assert.equal(code, 65);
  assert.deepEqual(
    JSON.parse(stdout)
      .diagnostics.map((d) => `${d.code} ${d.pointer}`)
      .sort(),
    [
      'unknown_field /colour',
      'unknown_name /fallback_routes/0/allowed_reasons/4',
      'wrong_type /limits/max_total_attempts',
    ],
  );
});

test('every good example validates, with all catalogs in one', async () => {
  const openai = join(root, 'deploy/openai');
  const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
  const catalog = read(join(policies, 'catalog.json'));
  for (const more of [read(join(policies, 'providers.json')), read(join(openai, 'catalog.json'))])
    for (const [list, items] of Object.entries(more))
      catalog[list] = Array.isArray(items)
        ? [...(catalog[list] ?? []), ...items.filter((item) => !find(catalog[list], item))]
        : { ...catalog[list], ...items };
  await stack.ctl.json('catalog', 'publish', stack.file('all.json', catalog));
  const names = readdirSync(policies).filter((name) => name.endsWith('.json'));
  const examples = names
    .filter((name) => !['catalog.json', 'providers.json'].includes(name))
    .map((name) => join(policies, name));
  for (const file of [...examples, join(openai, 'policy.json')]) {
    const { code, stdout, stderr } = await stack.ctl.run('policy', 'validate', file);
    assert.equal(code, 0, `${file}: ${stdout}${stderr}`);
  }
});

function find(list, wanted) {
  return list?.find((item) => item.id === wanted.id);
}
