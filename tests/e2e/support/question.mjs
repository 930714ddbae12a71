// Questions for the decider as any gateway may put them.
import { createHash, randomBytes } from 'node:crypto';

// A UUIDv7: 48 bits of milliseconds, version, random bits, variant, random bits.
export function request_id(now_ms = Date.now()) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now_ms, 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function sha256(text) {
  return createHash('sha256').update(text).digest();
}

export function admission({ key, body = '{"model":"demo-model"}', ...facts }) {
  return {
    key_digest: sha256(key),
    family: 'FAMILY_OPENAI_CHAT_COMPLETIONS',
    requested_model: 'demo-model',
    body_bytes: body.length,
    body_digest: sha256(body),
    input_tokens_estimate: Math.ceil(body.length / 4),
    estimator: 'bytes/4',
    choices: 1,
    ...facts,
  };
}

// The first question of a request.
export function ask({ id = request_id(), ...facts }) {
  return { request_id: id, boundary: 0, admission: admission(facts) };
}

const usage = [
  { unit: 'UNIT_INPUT_TOKEN', amount: '9' },
  { unit: 'UNIT_OUTPUT_TOKEN', amount: '7' },
];

const attempt_reports = {
  success: {
    transport: 'TRANSPORT_COMPLETED',
    http_status: 200,
    finish: 'FINISH_STOP',
    end_seen: true,
    body_state: 'BODY_STATE_ANSWER',
    output_seen: true,
    first_output_ms: '12',
    reported_model: 'demo-model',
    usage,
  },
  server_error: {
    transport: 'TRANSPORT_COMPLETED',
    http_status: 500,
    error_type: 'server_error',
  },
  invalid_request: {
    transport: 'TRANSPORT_COMPLETED',
    http_status: 400,
    error_type: 'invalid_request_error',
  },
  timeout: { transport: 'TRANSPORT_TIMED_OUT', timeout_phase: 'PHASE_FIRST_OUTPUT' },
};

// The question after an attempt that decision started; how names one of attempt_reports.
export function report(question, decision, how, more = {}) {
  return {
    request_id: question.request_id,
    boundary: decision.attempt,
    resume_token: decision.resume_token,
    report: {
      route: decision.route.id,
      started_unix_ms: String(Date.now() - 20),
      elapsed_ms: '20',
      body_sent: true,
      ...attempt_reports[how],
      ...more,
    },
  };
}
