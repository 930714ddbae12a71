// HTTP as it is on the wire: status, headers, bytes, and whether the connection was cut.
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';

// Sends one request on a connection of its own. Resolves with what came, however it ended:
// {status, headers, text, cut, started_ms, ended_ms}; cut: the end of the body never came.
// Rejects only when there was no response head.
export function send(url, { method = 'POST', headers = {}, body, limit_ms = 10000 } = {}) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const library = url.startsWith('https:') ? https : http;
    const agent = new library.Agent({ keepAlive: false, rejectUnauthorized: false });
    const call = library.request(url, { method, headers, agent, timeout: limit_ms }, (response) => {
      const pieces = [];
      let over = false;
      const end = (cut) => {
        if (over) return;
        over = true;
        resolve({
          status: response.statusCode,
          headers: response.headers,
          text: Buffer.concat(pieces).toString('utf8'),
          cut,
          started_ms,
          ended_ms: performance.now() - started,
        });
      };
      const started_ms = performance.now() - started;
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => end(!response.complete));
      response.on('error', () => end(true));
      response.on('close', () => end(!response.complete));
    });
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error(`nothing for ${limit_ms} ms: ${url}`)));
    call.end(body);
  });
}

// The data of every server-sent event in a body, and the comments between them.
export function events(text) {
  const found = { data: [], comments: [] };
  for (const block of text.split('\n\n')) {
    for (const line of block.split('\n')) {
      if (line.startsWith('data: ')) found.data.push(line.slice(6));
      else if (line.startsWith(':')) found.comments.push(line.slice(1).trim());
    }
  }
  return found;
}

// Raw bytes on a TCP connection; all that came back until it was closed or limit_ms passed.
export function send_bytes(port, bytes, limit_ms = 3000) {
  return new Promise((resolve) => {
    const pieces = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const end = () => {
      socket.destroy();
      resolve(Buffer.concat(pieces).toString('latin1'));
    };
    socket.setTimeout(limit_ms, end);
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', end);
    socket.on('close', end);
  });
}
