'use strict';

const { EventEmitter } = require('events');
const { badType } = require('../errors.js');
const { isFunction } = require('../options/check.js');
const { each, rethrow } = require('../loop.js');
const { Assignment } = require('./assignment.js');
const { Member } = require('./member.js');
const { Redis } = require('./redis.js');
const { readSettings } = require('./settings.js');

/** Empty tables of Lua are objects in JSON. */
const asList = (value) => (Array.isArray(value) ? value : []);

/** A hole of an array is no string, and `every` alone passes it over. */
const isStrings = (value) => Array.isArray(value) && [...value].every((entry) => typeof entry === 'string');

/** The process that an attempt is of. */
const memberOf = (id) => id.slice(0, id.lastIndexOf('#'));

/** What Redis shows of a fleet. */
function shownOf(seen) {
  const { generation, leases, members, now, phase, used } = seen;
  const isOpen = phase === 'OPEN';
  const circuit = {
    state: isOpen && now >= seen.until ? 'HALF-OPEN' : phase,
    generation,
    retryIn: isOpen ? Math.max(seen.until - now, 0) : 0,
    failing: asList(seen.failing),
    probes: asList(seen.probes).map(memberOf),
  };
  return { used, underWay: leases, waiting: asList(seen.waiting), members: asList(members), circuit };
}

/** One budget of attempts and one circuit for many processes. The public class; its part in the fleet is a `Member`. */
class Fleet extends EventEmitter {
  constructor(options) {
    super();
    this.settings = readSettings(options);
    this.assignments = new Set();
    this.names = undefined;
    this.member = new Member(this.settings, new Redis(this.settings.redis), (event, value) =>
      this.tell(event, value),
    );
  }

  /** What a user's listener throws is the user's, and stops nothing here. */
  tell(event, value) {
    try {
      if (event === 'members') this.see(value);
      else if (value === undefined) this.emit(event);
      else this.emit(event, value);
    } catch (error) {
      rethrow(error);
    }
  }

  /** The name of this process in its fleet. */
  get id() {
    return this.member.name;
  }

  get isDegraded() {
    return this.member.isDegraded;
  }

  /** Options of a client that belongs to the fleet. */
  options() {
    return { connectGate: ({ signal }) => this.member.enter(signal) };
  }

  see(names) {
    this.names = names;
    each(this.assignments, (assignment) => assignment.see(this.id, names));
  }

  /** Spreads keys over the members: `onChange` is told those of this one, at first and whenever they change. Returns what ends it. */
  assign(keys, onChange) {
    if (!isStrings(keys)) throw badType('keys', keys, 'an array of strings', 'WSR_ERR_ARGUMENT');
    if (!isFunction(onChange)) throw badType('onChange', onChange, 'a function', 'WSR_ERR_ARGUMENT');
    const assignment = new Assignment(keys, onChange);
    this.assignments.add(assignment);
    this.member.needsList = true;
    this.member.beatSoon();
    return () => {
      this.assignments.delete(assignment);
    };
  }

  /** What there is to see of the fleet; where Redis does not answer, what this process has seen last. */
  async stats() {
    const { member, settings } = this;
    const seen = await member.look();
    const isDegraded = seen === undefined;
    const { used, underWay, waiting, ...rest } = isDegraded ? this.lastSeen() : shownOf(seen);
    const { max, per, concurrency } = settings.connects;
    const left = max === undefined ? Infinity : Math.max(max - used, 0);
    return {
      id: member.name,
      isDegraded,
      ...rest,
      budget: { max, per, concurrency, used, left, underWay, waiting },
    };
  }

  lastSeen() {
    const { generation = 0, name, phase, share, underWay, waiting } = this.member;
    return {
      used: share.used,
      underWay: underWay.size,
      waiting: waiting.length > 0 ? [name] : [],
      members: this.names || [name],
      circuit: { state: phase, generation, retryIn: 0, failing: [], probes: [] },
    };
  }

  /** Leaves the fleet. Clients that wait for their turn are refused. */
  close() {
    return this.member.close();
  }
}

const createFleet = (options) => new Fleet(options);

module.exports = { Fleet, createFleet };
