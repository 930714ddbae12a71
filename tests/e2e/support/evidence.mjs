// Evidence as a reviewer writes it.

const expires = '2099-01-01T00:00:00Z';

// What each kind says besides its scope, when all is well.
const saying = {
  parity: {
    primary: 'demo-at-mock-a',
    reviewed_by: 'quality',
    passed: true,
    checks: ['endpoint', 'parameters', 'quota', 'cost', 'log_fields'],
  },
  eval: {
    reviewed_by: 'quality',
    passed: true,
    eval_set: 'golden-120',
    samples: 120,
    pass_rate_percent: 97.5,
    baseline_percent: 98,
    regression_budget_percent: 1,
  },
  tool_contract: {
    reviewed_by: 'quality',
    passed: true,
    checks: ['tool_selection', 'arguments', 'full_loop', 'replay_safety'],
  },
  cost_owner: {
    pricing_snapshot: '2026-11-01',
    usage_estimate: { monthly_requests: 100000, monthly_usd: 250, request_usd: 0.0025 },
  },
  quota_owner: {},
  boundary_approval: {},
  account_owner_approval: {},
  sign_off: {},
};

// One piece; place: {workflow, environment}; subject: {route} or {model}.
export function piece(kind, place, subject, more = {}) {
  return { kind, ...place, ...subject, owner: 'platform', expires, ...saying[kind], ...more };
}

// All that the template's fallback, of another family at another provider and account, needs, tools
// included.
export function approval(place, route, model, more = {}) {
  const primary = 'primary-approved-at-mock-a';
  return [
    piece('parity', place, { route }, { primary, ...more.parity }),
    ...['boundary_approval', 'quota_owner', 'cost_owner'].map((kind) =>
      piece(kind, place, { route }, more[kind]),
    ),
    ...['eval', 'tool_contract'].map((kind) => piece(kind, place, { model }, more[kind])),
    ...['product', 'engineering', 'policy'].map((role) =>
      piece('sign_off', place, { model }, { role, ...more[role] }),
    ),
  ];
}

// What the same model at another provider and account needs.
export function same_model(place, route, more = {}) {
  return ['parity', 'boundary_approval', 'quota_owner'].map((kind) =>
    piece(kind, place, { route }, more[kind]),
  );
}

// The pieces of a document of `policy check --missing`, filled in by somebody who found all well.
export function filled(document) {
  return document.evidence.map((blank) => {
    const known = piece(blank.kind, {}, {});
    const left_blank = (name) => name === 'expires' || /^""$|null|YYYY/.test(JSON.stringify(blank[name]));
    return Object.fromEntries(
      Object.keys(blank).map((name) => [name, left_blank(name) ? known[name] : blank[name]]),
    );
  });
}
