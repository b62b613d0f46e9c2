-- The true cost of a call is known: what was held for it is given back, and the true cost spent, though it be more than
-- is left. The call was made, so one whose time is over is settled all the same.
-- ARGV[1] name  [2] cost, in thousandths of a call before its price  [3] day  [4] month  [5] '1': note one unknown, too
-- Answers {'settled', about, units, {pack, units} …}, or {'again' | 'differs' | 'cancelled' | 'unknown' | 'noted'}.

local at, name, cost = server_ms(), ARGV[1], tonumber(ARGV[2])
local day, month = tonumber(ARGV[3]), tonumber(ARGV[4])
lapse(at)
local record = read(name)
if not record then
    if ARGV[5] ~= '1' then return {'unknown'} end
    write(name, {state = 'settled', ends = at, asked = '', answer = '', limits = '', cost = cost}, at + KEPT)
    return {'noted'}
end
if record.state == 'settled' then return {record.cost == cost and 'again' or 'differs'} end
if record.state == 'cancelled' then return {'cancelled'} end
if record.state == 'held' then release(name, record) end

local units = cost * record.price
local answer = {'settled', record.about, units}
for _, scope in ipairs(record.scopes) do
    local packed = redis.call('HGET', KEYS[1], 's' .. scope[1])
    -- What Redis has lost is built again from the usage, where this call will be.
    if packed then
        local state, own = cmsgpack.unpack(packed), units
        if state[2] < day then state[2], state[3] = day, 0 end
        if state[4] < month then state[4], state[5] = month, 0 end
        if scope[5] == 1 then
            if scope[3] >= 0 then own = math.min(own, math.max(0, scope[3] - state[3])) end
            if scope[4] >= 0 then own = math.min(own, math.max(0, scope[4] - state[5])) end
            local rest = units - own
            for _, pack in ipairs(record.packs) do
                local used = tonumber(redis.call('HGET', KEYS[1], 'k' .. pack[1]) or pack[2])
                local part = math.min(rest, pack[2] - used)
                if part > 0 then
                    redis.call('HINCRBY', KEYS[1], 'k' .. pack[1], part)
                    answer[#answer + 1] = {pack[1], part}
                    rest = rest - part
                end
            end
            own = own + rest
        end
        state[3], state[5] = state[3] + own, state[5] + own
        redis.call('HSET', KEYS[1], 's' .. scope[1], cmsgpack.pack(state))
    end
end
record.state, record.cost = 'settled', cost
write(name, record, math.max(record.ends, at) + KEPT)
return answer
