// The helpers for tests, and each line below `@ts-expect-error` would not compile without it.
import {
  createServer,
  type ServerConnection,
  type Step,
  type TestServer,
  type VirtualEvent,
  VirtualLink,
} from 'websocket-reconnect-native/testing';

const script: Step[] = [
  'refuse',
  { refuse: 100 },
  { status: 503, retryAfter: 1, headers: { Server: 'x' }, body: 'later' },
  'accept-then-drop',
  'never-answer',
  'half-open',
  'reset',
  { close: 4001, reason: 'go' },
  'slow',
  { slow: 100 },
  'garbage',
  'open',
  { echo: true },
  ({ request }) => (request.headers.authorization ? 'open' : { status: 401 }),
  async () => 'open' as const,
  (connection) => {
    connection.accept();
    connection.send(new Uint8Array(1));
  },
];

export async function use() {
  const server: TestServer = await createServer(script);
  const connection: ServerConnection = await server.connection(0, { timeout: 100 });
  const message: string | Buffer = await server.next();
  const { code } = await connection.ended();
  connection.close(code, String(message));
  connection.write(new ArrayBuffer(1));
  server.received.map((data) => data.length);
  await server.close();
  // @ts-expect-error: nobody may write into it
  server.received.push('x');
}

const link = new VirtualLink({ maxRetries: 3 }, { seed: 1 });
new VirtualLink();
link.on('retry', ({ at, delay }) => at + delay).on('error', ({ error }) => error.code);
link.once('attempt', ({ url, timeout }) => url.repeat(timeout));
const events: VirtualEvent[] = link.advance(1000);
for (const event of events) if (event.type === 'giveup') event.reason.toLowerCase();

// @ts-expect-error: there is no such step
createServer(['refused']);
// @ts-expect-error: a status is a number
createServer([{ status: '503' }]);
// @ts-expect-error: it comes too late
createServer([() => 'refuse']);
// @ts-expect-error: the time is a number
link.advance('1 s');
// @ts-expect-error: there is no such option
new VirtualLink({ maxRetrys: 1 });
// @ts-expect-error: it cannot be written
link.now = 5;
