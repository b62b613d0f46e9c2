-- What the scripts of reservations have in common: each is sent with this before it.
--
-- KEYS[1] the workspace, with its counters (see take.lua)  [2] the records, by name  [3] when to look at each of them
--         again (ms)  [4] the calls under way: a line each for every scope, which sorts by scope and then by its end
-- A record: state held | settled | cancelled | expired, ends (ms), asked, price, day, month, about, answer, limits, cost,
--           scopes {{name, units held, day's, month's, 1 where packs are spent after them} …}, packs {{id, units, held} …}
-- Times are of this server's own clock.

local KEPT = 3600000

local function server_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function read(name)
    local packed = redis.call('HGET', KEYS[2], name)
    return packed and cmsgpack.unpack(packed)
end

local function write(name, record, look_at)
    redis.call('HSET', KEYS[2], name, cmsgpack.pack(record))
    redis.call('ZADD', KEYS[3], look_at, name)
    for i = 2, 4 do redis.call('PEXPIRE', KEYS[i], 3 * KEPT) end
end

local function forget(name)
    redis.call('HDEL', KEYS[2], name)
    redis.call('ZREM', KEYS[3], name)
end

local function line(scope, ends, name)
    return string.format('%s %013d %s', scope, ends, name)
end

-- What is held is there again, in the day and the month that it was taken of.
local function release(name, record)
    for _, scope in ipairs(record.scopes) do
        local packed = redis.call('HGET', KEYS[1], 's' .. scope[1])
        if packed then
            local state = cmsgpack.unpack(packed)
            if state[2] == record.day then state[3] = math.max(0, state[3] - scope[2]) end
            if state[4] == record.month then state[5] = math.max(0, state[5] - scope[2]) end
            redis.call('HSET', KEYS[1], 's' .. scope[1], cmsgpack.pack(state))
        end
        redis.call('ZREM', KEYS[4], line(scope[1], record.ends, name))
    end
    for _, pack in ipairs(record.packs) do
        if pack[3] > 0 and redis.call('HEXISTS', KEYS[1], 'k' .. pack[1]) == 1 then
            redis.call('HINCRBY', KEYS[1], 'k' .. pack[1], -pack[3])
        end
    end
    record.answer, record.limits = '', ''
end

-- Gives back what reservations hold whose time is over, and forgets those that ended long ago. How many it ended.
local function lapse(at)
    local ended = 0
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', at, 'LIMIT', 0, 1000)) do
        local record = read(name)
        if record and record.state == 'held' then
            release(name, record)
            record.state = 'expired'
            write(name, record, record.ends + KEPT)
            ended = ended + 1
        else
            forget(name)
        end
    end
    return ended
end
