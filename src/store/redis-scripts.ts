/**
 * What Redis does in one step. Each script touches one key, so that it works in a cluster whatever slot the key is in.
 * A record is a hash: `i` its id, `v` its value as JSON, `n` its version, `e` its expiry in milliseconds or nothing,
 * `w` its owner, `t` the ticket of its entry in the owner's index, `x` the expiry that this entry is kept for.
 */

/**
 * KEYS[1]: the record. ARGV: how (`put`, `absent`, `set` or `count`), now, the name of this write, the id, the value,
 * the expiry, the life of the key, the owner, the ticket, the version that is compared. Of these expiry, life, owner
 * and ticket may be empty. No ticket: the entry in the index of the owner is not written yet. Then the channel on which
 * the key is named, so that nobody goes on with what they read before; a server that forbids it is no fault.
 *
 * Gives `no`; or `index` and the owner who is to have an entry before this can be written; or `done`, the value that
 * was written, and the owner and ticket of an entry that is of no use any more, or two empty texts.
 *
 * HSET comes first: where the memory is full, it is refused and nothing has changed. A write after it would not be
 * refused any more.
 */
const WRITE = `
local how, now, name, id, value, expiry, life, owner, ticket, version, channel = unpack(ARGV)
local old = redis.call('HMGET', KEYS[1], 'n', 'e', 'w', 't', 'x', 'v')
local live = old[1] and (old[2] == '' or tonumber(old[2]) > tonumber(now))
if how == 'absent' and live then return {'no'} end
if how == 'set' and (not live or old[1] ~= version) then return {'no'} end
local covered = ''
if how == 'count' and live then
  value = string.format('%.0f', (tonumber(old[6]) or 0) + 1)
  expiry, life, owner, ticket, covered = old[2], 'same', old[3] or '', old[4] or '', old[5] or ''
else
  if how == 'count' then value = '1' end
  if owner == '' and live and old[3] then owner = old[3] end
  if owner ~= '' then
    covered = expiry
    if ticket == '' then
      local kept = live and old[3] == owner and old[4] and
        (old[5] == '' or (expiry ~= '' and tonumber(expiry) <= tonumber(old[5])))
      if not kept then return {'index', owner} end
      ticket, covered = old[4], old[5]
    end
  end
end
local time = redis.call('TIME')
local mark = time[1] .. string.format('%06d', tonumber(time[2])) .. '-' .. name
redis.call('HSET', KEYS[1], 'i', id, 'v', value, 'n', mark, 'e', expiry)
if owner == '' then redis.call('HDEL', KEYS[1], 'w', 't', 'x')
else redis.call('HSET', KEYS[1], 'w', owner, 't', ticket, 'x', covered) end
if life == '' then redis.call('PERSIST', KEYS[1])
elseif life ~= 'same' then redis.call('PEXPIRE', KEYS[1], life) end
redis.pcall('PUBLISH', channel, KEYS[1])
if old[3] and old[4] and old[3] ~= owner then return {'done', value, old[3], old[4]} end
return {'done', value, '', ''}
`

/**
 * KEYS[1]: the record. ARGV: now, and the channel. Deletes it, and gives nothing where there was none; else `live` or `expired`, its
 * value, its owner and ticket, or two empty texts.
 */
const TAKE = `
local old = redis.call('HMGET', KEYS[1], 'e', 'v', 'w', 't')
if not old[2] then return {} end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], KEYS[1])
local live = old[1] == '' or tonumber(old[1]) > tonumber(ARGV[1])
return {live and 'live' or 'expired', old[2], old[3] or '', old[4] or ''}
`

/**
 * KEYS[1]: the index of an owner, ids by ticket. ARGV: the id, the life of the record or nothing. Gives the entry a
 * new ticket, greater than its last one, and keeps the index at least as long as the record.
 */
const INDEX = `
local time = redis.call('TIME')
local ticket = time[1] * 1000000 + time[2]
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
if last and tonumber(last) >= ticket then ticket = tonumber(last) + 1 end
local kept = redis.call('PTTL', KEYS[1])
local text = string.format('%.0f', ticket)
redis.call('ZADD', KEYS[1], text, ARGV[1])
if ARGV[2] == '' then redis.call('PERSIST', KEYS[1])
elseif kept ~= -1 and kept < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return text
`

/** KEYS[1]: the index of an owner. ARGV: an id and its ticket. The entry goes, unless it has another ticket by now. */
const DROP = `
local ticket = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ticket and tonumber(ticket) == tonumber(ARGV[2]) then return redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0
`

/** The scripts by the names under which the client has them. */
export const REDIS_SCRIPTS = {
  writeRecord: { lua: WRITE, numberOfKeys: 1 },
  takeRecord: { lua: TAKE, numberOfKeys: 1 },
  indexRecord: { lua: INDEX, numberOfKeys: 1 },
  dropFromIndex: { lua: DROP, numberOfKeys: 1 },
} as const

/** A client's methods that run the scripts: the key, then the arguments. */
export type RedisScripts = Readonly<
  Record<keyof typeof REDIS_SCRIPTS, (key: string, ...args: (string | number)[]) => Promise<unknown>>
>
