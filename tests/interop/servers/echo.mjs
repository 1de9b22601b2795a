// The server of Node's `ws`, with a part for each path. `echo.py` has the same parts.
//
// Called with the folder of `ws`, a certificate, its key, and a CA of clients. It listens on ports of
// the system's choice, says on a line which they are, that of `ws`, that of `wss` and that of `wss` for
// clients with a certificate, and ends with its standard input.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';

const [folder, ...files] = process.argv.slice(2);
const [cert, key, ca] = files.map((file) => readFileSync(file));
const { WebSocketServer } = createRequire(import.meta.url)(folder);

const MAX_MESSAGE = 16 * 1024 * 1024;
const SUBPROTOCOLS = ['chat.v2', 'chat.v1'];

// What each connection that has an id came to, once it has ended.
const outcomes = new Map();

function outcome(id) {
  if (!outcomes.has(id)) {
    const made = {};
    made.promise = new Promise((resolve) => (made.resolve = resolve));
    outcomes.set(id, made);
  }
  return outcomes.get(id);
}

const PARTS = {
  echo(ws) {
    ws.on('message', (message, binary) => ws.send(message, { binary }));
  },

  fragments(ws) {
    ws.on('message', (message, binary) => {
      const half = Math.floor(message.length / 2);
      ws.send(message.subarray(0, half), { binary, fin: false });
      ws.ping('between');
      ws.send(message.subarray(half), { binary, fin: true });
    });
  },

  ping(ws) {
    ws.ping('are you there?');
    ws.on('pong', (payload) => {
      if (payload.toString() === 'are you there?') ws.send('ponged');
    });
  },

  headers(ws, query, request) {
    const lines = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      lines.push(`${request.rawHeaders[i].toLowerCase()}: ${request.rawHeaders[i + 1]}`);
    }
    ws.send(lines.sort().join('\n'));
  },

  big(ws, query) {
    ws.send(Buffer.alloc(Number(query.get('size')), 'x'));
  },

  close(ws, query) {
    if (query.has('code')) ws.close(Number(query.get('code')), query.get('reason') ?? '');
    else ws.close();
  },

  cut(ws) {
    ws.terminate();
  },

  async seen(ws, query) {
    ws.send(await outcome(query.get('of')).promise);
  },
};

function read(request) {
  const { pathname, searchParams } = new URL(request.url, 'ws://localhost');
  return [pathname.replaceAll('/', ''), searchParams];
}

function serve(server) {
  const wss = new WebSocketServer({
    server,
    maxPayload: MAX_MESSAGE,
    handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    verifyClient({ req }, answer) {
      if (read(req)[0] === 'refuse') {
        answer(false, 401, 'who are you?', { 'WWW-Authenticate': 'Bearer' });
      } else answer(true);
    },
  });
  wss.on('connection', (ws, request) => {
    const [path, query] = read(request);
    ws.on('error', () => {}); // The close that follows it says why.
    ws.on('close', (code, reason) => {
      if (query.has('id')) outcome(query.get('id')).resolve(`${code} ${reason}`.trim());
    });
    PARTS[path](ws, query, request);
  });
  server.listen(0, '127.0.0.1');
  return once(server, 'listening').then(() => server.address().port);
}

const plain = await serve(http.createServer());
const secure = await serve(https.createServer({ cert, key }));
const mutual = await serve(https.createServer({ cert, key, ca, requestCert: true }));
console.log(plain, secure, mutual);
process.stdin.on('end', () => process.exit()).resume();
