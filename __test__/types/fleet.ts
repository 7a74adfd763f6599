import { createFleet, type Fleet, type FleetStats } from '../../fleet.js';
import { WebSocketReconnect } from '../../index.js';

declare const ioredis: {
  evalsha(sha: string, keys: number, ...values: string[]): Promise<unknown>;
  eval(text: string): unknown;
};
declare const nodeRedis: {
  evalSha(sha: string, options?: { keys?: string[]; arguments?: string[] }): Promise<unknown>;
  eval(text: string, options?: { keys?: string[] }): Promise<unknown>;
};

const fleet: Fleet = createFleet({
  redis: ioredis,
  name: 'prices',
  connects: { max: 300, per: 300000, concurrency: 20 },
  circuit: { quorum: 2 },
});
createFleet({ redis: nodeRedis, name: 'prices', memberTtl: 10000, timeout: 500 });

const ws = new WebSocketReconnect({ url: 'wss://example.com', ...fleet.options() });
fleet.on('degraded', (error) => error.message);
fleet.on('restored', () => {});
fleet.once('circuitChange', (state) => state === 'HALF-OPEN');
const end: () => void = fleet.assign(['a'], ({ keys, added, removed }) => [...keys, ...added, ...removed]);
fleet.stats().then((stats: FleetStats) => stats.circuit.probes.length + stats.budget.left);
fleet.close().then(() => {});

// @ts-expect-error: there is no name
createFleet({ redis: ioredis });
// @ts-expect-error: a client of Redis can run scripts
createFleet({ redis: {}, name: 'a' });
// @ts-expect-error: a budget is per a time
createFleet({ redis: ioredis, name: 'a', connects: { max: 1 } });
// @ts-expect-error: no such event
fleet.on('broken', () => {});
