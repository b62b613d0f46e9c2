-- Gives back what `take` spent, for a call that was refused after all. Attempts stay counted.
-- KEYS[1] the workspace; ARGV[1] the day, [2] the month, [3] {{scope, units} …, {pack, units} …}
local day, month = tonumber(ARGV[1]), tonumber(ARGV[2])
local given = cmsgpack.unpack(ARGV[3])
for _, part in ipairs(given[1]) do
    local units, scope = part[2], part[1]
    local packed = redis.call('HGET', KEYS[1], 's' .. scope)
    if packed then
        local state = cmsgpack.unpack(packed)
        if state[2] == day then state[3] = math.max(0, state[3] - units) end
        if state[4] == month then state[5] = math.max(0, state[5] - units) end
        redis.call('HSET', KEYS[1], 's' .. scope, cmsgpack.pack(state))
    end
end
for _, part in ipairs(given[2]) do
    if redis.call('HEXISTS', KEYS[1], 'k' .. part[1]) == 1 then
        redis.call('HINCRBY', KEYS[1], 'k' .. part[1], -part[2])
    end
end
return 1
