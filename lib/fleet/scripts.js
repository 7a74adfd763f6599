'use strict';

// What Redis decides, each in one step. Times are the server's, in ms. Redis 5 or later: before, a script that asks for the
// time may not write. All keys of a fleet have one hash tag, so that they lie on one node of a Cluster:
//   state    hash: `epoch`, when it was made; the circuit's `phase`, `generation` and `until`; `quiet`, since when
//            nothing is let through; `seen`, when one asked to whom Redis was not away
//   starts   sorted set: the attempts of the last window, by when each was let through
//   leases   sorted set: the attempts under way, by when each lapses where nobody renews it
//   probes   the same, of the attempts that try an open circuit
//   members  sorted set: the processes, by when each lapses
//   waiting  sorted set: the processes that wait, by when each was told to ask again
//   failing  sorted set: the processes whose attempts fail, by when they last said so

const { scriptOf } = require('./redis.js');

const KEYS = ['state', 'starts', 'leases', 'probes', 'members', 'waiting', 'failing'];

/** The keys of a fleet, and the channel of its news. */
const keysOf = (name) => KEYS.map((key) => `{wsr-fleet:${name}}:${key}`);
const channelOf = (name) => `{wsr-fleet:${name}}:news`;

/** So long, in ms, a process whose turn has come may take to ask. */
const TURN_LASTS = 2000;
/** After so many ms a process asks again for what nobody can say when it is free; news come sooner. */
const POLL = 1000;
/** So many ms apart those ask who would ask at once. */
const APART = 20;

const COMMON = `
local state, starts, leases, probes, members, waiting, failing = unpack(KEYS)
local channel, ask = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- News are sent where it is allowed; nothing depends on them.
local function publish(news) redis.pcall('PUBLISH', channel, news) end
local function trim(key, to) redis.call('ZREMRANGEBYSCORE', key, '-inf', to) end
local function count(key) return redis.call('ZCARD', key) end
local function field(name) return redis.call('HGET', state, name) end
`;

/** Who waits first is told that there is room. */
const TELL_NEXT = `
local function tell_next()
  local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
  if first[1] and tonumber(first[2]) > now then
    redis.call('ZADD', waiting, now, first[1])
    publish('turn ' .. first[1])
  end
end
`;

/** What has ended, or never began, is free for others. */
const RELEASE = `for _, ids in ipairs({ ask.ended, ask.unused }) do
  for _, id in ipairs(ids) do
    redis.call('ZREM', leases, id)
    redis.call('ZREM', probes, id)
  end
end
for _, id in ipairs(ask.unused) do redis.call('ZREM', starts, id) end
`;

/**
 * One call of a process: what has happened goes in, how many of the attempts that it wants are let through comes out. `ask`:
 *   member, ttl          who asks, and for how long it lives without a further call
 *   max, window          starts in any window; concurrency: attempts under way
 *   quorum, reset, tries the circuit; absent where there is none
 *   want, next           how many attempts, and the number of the first
 *   held, ended, unused  attempts under way, those that are over, and those that were let through and never began
 *   own                  starts that Redis does not know, as number and age
 *   epoch, others, away  the state it knew, whether it knew others, for how long it has done without Redis
 *   quiet                for how long all wait after that
 *   failing, generation  whether its attempts fail, and under which circuit they were let through
 *   verdicts             how probes went
 *   by                   when the call is too late for its caller
 */
const ASK = scriptOf(`${COMMON}${TELL_NEXT}
local epoch = tonumber(field('epoch'))
if not epoch then
  epoch = now
  redis.call('HSET', state, 'epoch', epoch, 'phase', 'CLOSED', 'generation', epoch, 'until', 0)
end
local is_anew = ask.epoch ~= nil and ask.epoch ~= epoch

-- After Redis was away, or was emptied, all wait until each has told what it did meanwhile. Where another has asked
-- while one was away, it was for that one alone.
local is_late = ask.by and now > ask.by
local was_away = ask.away and (tonumber(field('seen')) or 0) < now - ask.away
if not ask.away and not is_late then redis.call('HSET', state, 'seen', now) end
local quiet = tonumber(field('quiet')) or 0
if (is_anew or was_away) and ask.others and now >= quiet + ask.ttl then
  quiet = now
  redis.call('HSET', state, 'quiet', quiet)
end
local is_quiet = now < quiet + ask.quiet

for _, start in ipairs(ask.own) do
  redis.call('ZADD', starts, now - start[2], ask.member .. '#' .. start[1])
end

local gone = redis.call('ZRANGEBYSCORE', members, '-inf', now)
for _, member in ipairs(gone) do
  for _, key in ipairs({ members, waiting, failing }) do redis.call('ZREM', key, member) end
end
if redis.call('ZADD', members, now + ask.ttl, ask.member) == 1 or #gone > 0 then publish('members') end

-- The circuit. A verdict under another generation is late and says nothing.
local phase = ask.quorum and field('phase') or 'CLOSED'
local generation, until_ = tonumber(field('generation')), tonumber(field('until'))
local function change(to, at)
  local before = phase
  phase, generation, until_ = to, math.max(now, generation + 1), at
  redis.call('HSET', state, 'phase', phase, 'generation', generation, 'until', until_)
  redis.call('DEL', probes, failing)
  -- Fleets of one name in several databases, or behind several prefixes, hear each other.
  if phase ~= before then publish(phase .. ' ' .. generation .. ' ' .. epoch) end
end
trim(probes, now)
for _, verdict in ipairs(ask.verdicts) do
  if phase == 'OPEN' and verdict[2] == generation and redis.call('ZREM', probes, verdict[1]) == 1 then
    if verdict[3] then change('CLOSED', 0) else change('OPEN', now + ask.reset) end
  end
end
if ask.quorum and phase == 'CLOSED' and ask.generation == generation then
  if ask.failing then redis.call('ZADD', failing, now, ask.member) else redis.call('ZREM', failing, ask.member) end
  trim(failing, now - ask.reset)
  if ask.failing and count(failing) >= ask.quorum then change('OPEN', now + ask.reset) end
end

${RELEASE}for _, id in ipairs(ask.held) do
  if ask.concurrency then redis.call('ZADD', leases, now + ask.ttl, id) end
  redis.call('ZADD', probes, 'XX', now + ask.ttl, id)
end

-- The budget.
trim(leases, now)
if ask.window then trim(starts, now - ask.window) end
local left = ask.max and ask.max - count(starts) or math.huge
local lanes = ask.concurrency and ask.concurrency - count(leases) or math.huge
local free = math.min(left, lanes)
if phase == 'OPEN' then
  free = now < until_ and 0 or math.min(free, ask.tries - count(probes))
end
if is_anew or is_quiet or is_late then free = 0 end
free = math.max(free, 0)

-- Those whose turn has come, and who are about to ask, have their part of it; who does not ask in time has lost his. Where there is
-- not enough for all, those who are first have one each: else each would leave it to the others.
local told = redis.call('ZSCORE', waiting, ask.member)
redis.call('ZREM', waiting, ask.member)
trim(waiting, now - ${TURN_LASTS})
local ahead = told and redis.call('ZCOUNT', waiting, '-inf', '(' .. told) or count(waiting)
local due = phase == 'OPEN' and 0 or redis.call('ZCOUNT', waiting, '-inf', now)
local part = math.floor(free / (due + 1))
if part < 1 and free > math.min(ahead, due) then part = 1 end
local granted = math.min(ask.want, part)
for i = 0, granted - 1 do
  local id = ask.member .. '#' .. (ask.next + i)
  if ask.max then redis.call('ZADD', starts, now, id) end
  if ask.concurrency then redis.call('ZADD', leases, now + ask.ttl, id) end
  if phase == 'OPEN' then redis.call('ZADD', probes, now + ask.ttl, id) end
end

local turn = now
if granted < ask.want then
  -- Who has had some goes to the end of the line; who has come in his turn and finds others before him keeps his place.
  local place
  if granted > 0 then told, ahead = false, count(waiting) end
  if phase == 'OPEN' and now < until_ then
    turn = until_ + ahead * ${APART}
  elseif is_quiet then
    turn = quiet + ask.quiet
  elseif left <= granted then
    -- The starts leave the window one after the other, and make room for one each.
    local index = count(starts) - ask.max + ahead % ask.max
    local start = redis.call('ZRANGE', starts, index, index, 'WITHSCORES')[2]
    turn = start + ask.window * (1 + math.floor(ahead / ask.max)) + 1
  elseif lanes <= granted or phase == 'OPEN' then
    turn = now + ${POLL}
  else
    turn = now + ${APART}
    if told and tonumber(told) <= now then place = told end
  end
  told = tonumber(told or turn)
  if told > now and told < turn then turn = told end
  redis.call('ZADD', waiting, place or turn, ask.member)
elseif free > granted and phase == 'CLOSED' then
  tell_next()
end

for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ask.keep) end
return cjson.encode({
  now = now, epoch = epoch, isAnew = is_anew, isQuiet = is_quiet,
  phase = phase == 'OPEN' and now >= until_ and 'HALF-OPEN' or phase, generation = generation,
  granted = granted, wait = turn - now,
  used = ask.max and count(starts) or 0, isScarce = ask.concurrency ~= nil and lanes - granted < ask.concurrency / 2,
  members = count(members), list = ask.list and redis.call('ZRANGE', members, 0, -1) or nil,
})
`);

/** A process goes: what it holds is free at once, and its members' part is anybody's. */
const LEAVE = scriptOf(`${COMMON}${TELL_NEXT}
for _, key in ipairs({ members, waiting, failing }) do redis.call('ZREM', key, ask.member) end
${RELEASE}publish('members')
tell_next()
return '{}'
`);

/** What there is to see, for people. */
const LOOK = scriptOf(`${COMMON}
local alive = function(key) return redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf') end
return cjson.encode({
  now = now, members = alive(members), waiting = redis.call('ZRANGE', waiting, 0, -1),
  used = ask.window and redis.call('ZCOUNT', starts, '(' .. (now - ask.window), '+inf') or 0, leases = #alive(leases),
  phase = field('phase') or 'CLOSED', generation = tonumber(field('generation') or 0),
  ['until'] = tonumber(field('until') or 0), probes = alive(probes),
  failing = ask.reset and redis.call('ZRANGEBYSCORE', failing, '(' .. (now - ask.reset), '+inf') or {},
})
`);

module.exports = { ASK, LEAVE, LOOK, channelOf, keysOf };
