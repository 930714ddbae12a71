// The JSON Schemas of the documents, judged by a validator that shares no code with the checker:
// every good document is valid, and what the checker refuses for its shape the schema refuses too.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import { policies } from './support/place.mjs';

const read = (...path) => JSON.parse(readFileSync(join(policies, ...path), 'utf8'));
const files = (...path) =>
  readdirSync(join(policies, ...path)).filter((name) => name.endsWith('.json'));

const ajv = new Ajv2020({ allErrors: true, strict: true });
const compiled = Object.fromEntries(
  ['policy', 'catalog', 'evidence', 'policy_test'].map((kind) => [
    kind,
    ajv.compile(read('schema', `${kind}.schema.json`)),
  ]),
);

// Which schema a document is for.
function kind_of(name, directory) {
  if (directory === 'evidence' || name.startsWith('evidence_')) return 'evidence';
  if (directory === 'tests' || name.startsWith('test_')) return 'policy_test';
  if (name.startsWith('catalog') || name.startsWith('providers')) return 'catalog';
  return 'policy';
}

// Findings that need the catalog, compare two fields, or are not JSON to begin with.
const beyond_a_schema = new Set([
  ...['ambiguous_route', 'no_route', 'family_differs', 'family_not_served', 'same_route'],
  ...['evidence_demanded', 'recording_off', 'entry_unreachable', 'reason_contradicts'],
  ...['syntax', 'duplicate_key', 'duplicate_name', 'too_large', 'not_exact', 'unknown_name'],
  ...['not_served', 'other_model', 'hard_stop', 'shape_differs', 'contradiction', 'bad_date', 'bad_network'],
]);

describe('good documents are valid', () => {
  const good = [
    ...files().map((name) => [name, name]),
    ...files('evidence').map((name) => [join('evidence', name), name, 'evidence']),
    ...files('tests').map((name) => [join('tests', name), name, 'tests']),
  ];
  for (const [path, name, directory] of good)
    test(path, () => {
      const validate = compiled[kind_of(name, directory)];
      assert.ok(validate(read(path)), JSON.stringify(validate.errors, null, 2));
    });
});

describe('bad documents are not, where their shape is at fault', () => {
  for (const name of files('bad')) {
    const code = name.replace(/^(catalog|evidence|test)_/, '').replace(/\.json$/, '');
    if (beyond_a_schema.has(code)) continue;
    test(name, () => {
      assert.equal(compiled[kind_of(name)](read('bad', name)), false);
    });
  }
});
