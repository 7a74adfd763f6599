/// <reference types="node" />

import type { EventEmitter } from 'events';
import type { WebSocketReconnectOptions } from './index.js';

/** How many attempts all processes may make. */
export interface ConnectBudget {
  /** So many may begin in any `per` ms. */
  max: number;
  /** Milliseconds. */
  per: number;
  /** So many may be under way at a time. Default: any number. */
  concurrency?: number | null | undefined;
}

/** When the circuit opens for all processes, and how it closes. */
export interface FleetCircuit {
  /** It opens when the attempts of so many members fail; fewer stay alone with their trouble. Default 2. */
  quorum?: number | null | undefined;
  /** The attempts of a member fail after so many failures in a row. Default 3. */
  failureThreshold?: number | null | undefined;
  /** Milliseconds from its opening, or the failure of a probe, to the next probe. Default 60000. */
  resetTimeout?: number | null | undefined;
  /** So many probes may be under way at a time, of all members. Default 1. */
  halfOpenMaxRequests?: number | null | undefined;
}

/** What is used of a client of Redis: that of ioredis and iovalkey. */
export interface IoredisLike {
  evalsha(...args: any[]): any;
  eval(...args: any[]): any;
  duplicate?(...args: any[]): any;
}

/** What is used of a client of Redis: that of `redis` (node-redis). */
export interface NodeRedisLike {
  evalSha(...args: any[]): any;
  eval(...args: any[]): any;
  duplicate?(...args: any[]): any;
}

export interface FleetOptions {
  /** Your client of Redis 5 or later, or of Valkey; of one node or of a Cluster. It stays yours to connect and to end. */
  redis: IoredisLike | NodeRedisLike;
  /** Members of one name share budget and circuit. */
  name: string;
  /** Default: no budget. */
  connects?: ConnectBudget | null | undefined;
  /** Default: no circuit but that of each client. */
  circuit?: FleetCircuit | null | undefined;
  /** Milliseconds after which a member that is silent is taken for dead. It tells that it lives three times as often. Default 15000. */
  memberTtl?: number | null | undefined;
  /** Milliseconds that Redis has to answer before the process goes on without it. They are added to `connects.per`. Default 1000. */
  timeout?: number | null | undefined;
}

export type FleetCircuitState = 'CLOSED' | 'OPEN' | 'HALF-OPEN';

export interface FleetStats {
  /** The name of this member. */
  id: string;
  /** Redis does not answer: the rest is what this process has seen last. */
  isDegraded: boolean;
  /** The names of the members that live. */
  members: string[];
  circuit: {
    state: FleetCircuitState;
    /** Greater after each change. */
    generation: number;
    /** Milliseconds to the next probe. */
    retryIn: number;
    /** The members whose attempts fail. */
    failing: string[];
    /** The members that have a probe under way. */
    probes: string[];
  };
  budget: {
    max?: number;
    per?: number;
    concurrency?: number;
    /** Attempts in the last `per` ms and `timeout` ms. */
    used: number;
    /** `Infinity` where there is no budget. */
    left: number;
    /** Attempts under way, where there is a `concurrency`; some have ended and that is not told yet. */
    underWay: number;
    /** The members whose clients wait. */
    waiting: string[];
  };
}

/** The keys of this member. */
export interface KeyChange {
  keys: string[];
  added: string[];
  removed: string[];
}

export interface FleetEvents {
  /** Redis does not answer: the process goes on with its share of the budget, and without the circuit of the fleet. */
  degraded: [error: Error];
  /** Redis answers again. */
  restored: [];
  /** The circuit of the fleet, as this process sees it. */
  circuitChange: [state: FleetCircuitState];
}

/** One member of a fleet. */
export class Fleet extends EventEmitter {
  constructor(options: FleetOptions);
  readonly id: string;
  readonly isDegraded: boolean;
  /** Options of a client that belongs to the fleet. */
  options(): Required<Pick<WebSocketReconnectOptions, 'connectGate'>>;
  stats(): Promise<FleetStats>;
  /**
   * Spreads keys over the members. `onChange` is told those of this member, at first and whenever they change. Returns what ends
   * it. Once the fleet is closed, nothing is told any more.
   */
  assign(keys: readonly string[], onChange: (change: KeyChange) => void): () => void;
  /** Leaves the fleet. Clients that wait for their turn are refused. */
  close(): Promise<void>;
  on<E extends keyof FleetEvents>(event: E, listener: (...args: FleetEvents[E]) => void): this;
  once<E extends keyof FleetEvents>(event: E, listener: (...args: FleetEvents[E]) => void): this;
  off<E extends keyof FleetEvents>(event: E, listener: (...args: FleetEvents[E]) => void): this;
}

export function createFleet(options: FleetOptions): Fleet;
