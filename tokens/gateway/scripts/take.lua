-- One round trip for one ask: is the stored pass good, and is there enough left of every limit? If so, it is spent.
--
-- KEYS[1] the workspace: v its rights version, c when PostgreSQL last confirmed that (ms), s<scope> what was spent
--         in a scope {rate's TAT in us, day, units, month, units}, k<grant> the units spent of a pack
-- KEYS[2] the stored pass, packed one after another: its rights version, until when (ms), what the gateway reads, the
--         limits
-- ARGV[1] now (ms, PostgreSQL's clock)  [2] how old a confirmation may be (ms)  [3] units to spend
-- ARGV[4] '1': count the attempt against the rate  [5] the month, as 202611
-- With what PostgreSQL has just said: [6] limits  [7] what was spent, as PostgreSQL knows  [8] its version
--         [9] when it was read (ms); and to store it [10] until when (ms)  [11] the pass  [12] how long to keep it (s)
-- Answers {0, age, rights version} where nothing is wrong with the pass but its age, {0} or {0, age} for any other miss,
-- else {1 taken | 2 rate | 3 allowance, age of the confirmation (ms), the scope that refuses, in how many seconds the
--         rate allows again, {{rate, left, reset s, day's, left, month's, left} a scope} (with what packs have left),
--         {{pack, units} …}, pass}; -1 is no limit.

local now, units = tonumber(ARGV[1]), tonumber(ARGV[3])
local day, month = math.floor(now / 86400000), tonumber(ARGV[5])
local limits, pass, version, age = nil, nil, nil, 0

if ARGV[6] then
    limits = cmsgpack.unpack(ARGV[6])
else
    local stored, ends = redis.call('GET', KEYS[2]), nil
    if not stored then return {0} end
    version, ends, pass, limits = cmsgpack.unpack(stored)
    if ends ~= '' and now >= tonumber(ends) then return {0} end
end

local scopes, packs = limits[1], limits[2]
local fields = {'v', 'c'}
for i, scope in ipairs(scopes) do fields[i + 2] = 's' .. scope[1] end
for i, pack in ipairs(packs) do fields[#scopes + 2 + i] = 'k' .. pack[1] end
local known = redis.call('HMGET', KEYS[1], unpack(fields))

if pass then
    if known[1] ~= version or not known[2] then return {0} end
    age = now - tonumber(known[2])
    if age > tonumber(ARGV[2]) then return {0, age, version} end
    if age < -2000 then return {0, age} end
end

local spent = ARGV[7] and cmsgpack.unpack(ARGV[7]) or nil
local states, used = {}, {}
for i, scope in ipairs(scopes) do
    local state = known[i + 2] and cmsgpack.unpack(known[i + 2])
    if not state then
        -- Redis has lost it, or never had it: PostgreSQL knows what was spent.
        if not spent then return {0} end
        state = {0, day, spent[1][i][1], month, spent[1][i][2]}
    end
    if state[2] < day then state[2], state[3] = day, 0 end
    if state[4] < month then state[4], state[5] = month, 0 end
    states[i] = state
end
for i, pack in ipairs(packs) do
    used[i] = tonumber(known[#scopes + 2 + i]) or (spent and spent[2][i])
    if not used[i] then return {0} end
end

-- The rate: GCRA with a minute's burst, by this server's own clock.
local time = redis.call('TIME')
local at = time[1] * 1000000 + time[2]
local counts, status, refusing, retry = ARGV[4] == '1', 1, 0, 0
local tats = {}
for i, scope in ipairs(scopes) do
    local tat = states[i][1]
    -- A clock that was set back must not lock anybody out.
    if tat < at or tat > at + 61000000 then tat = at end
    if scope[2] >= 0 and counts then
        tat = tat + 60000000 / math.max(scope[2], 0.000001)
        local late = math.ceil((tat - at) / 1000000 - 60)
        if tat > at + 60000001 and late > retry then status, refusing, retry = 2, i, late end
    end
    tats[i] = tat
end

local from = {}
if status == 1 then
    if counts then
        for i = 1, #scopes do states[i][1] = tats[i] end
    end
    local own, needed, packed = {}, 0, 0
    for i, scope in ipairs(scopes) do
        local left = math.huge
        if scope[3] >= 0 then left = math.max(0, scope[3] - states[i][3]) end
        if scope[4] >= 0 then left = math.min(left, math.max(0, scope[4] - states[i][5])) end
        own[i] = math.min(units, left)
        if own[i] < units then
            if scope[5] == 1 then needed, packed = units - own[i], i else status, refusing = 3, i end
        end
    end
    if status == 1 and needed > 0 then
        local rest = needed
        for i, pack in ipairs(packs) do
            local part = math.min(rest, pack[2] - used[i])
            if part > 0 then
                rest = rest - part
                from[#from + 1] = {i, pack[1], part}
            end
        end
        if rest > 0 then status, refusing, from = 3, packed, {} end
    end
    if status == 1 and units > 0 then
        for i = 1, #scopes do
            states[i][3], states[i][5] = states[i][3] + own[i], states[i][5] + own[i]
        end
    end
end

local changes = {}
if status ~= 2 then
    for i, scope in ipairs(scopes) do
        changes[#changes + 1] = 's' .. scope[1]
        changes[#changes + 1] = cmsgpack.pack(states[i])
    end
    for _, part in ipairs(from) do used[part[1]] = used[part[1]] + part[3] end
    for i, pack in ipairs(packs) do
        if from[1] or ARGV[6] then
            changes[#changes + 1] = 'k' .. pack[1]
            changes[#changes + 1] = used[i]
        end
    end
end

if ARGV[8] then
    -- Fenced: what was read before something newer was announced is not stored.
    local newest = known[1] and tonumber(known[1])
    local read = tonumber(ARGV[8])
    if not newest or newest < read then
        changes[#changes + 1], changes[#changes + 2] = 'v', ARGV[8]
        known[2] = false
    end
    if not newest or newest <= read then
        -- A stamp of the future was made by a clock that was wrong.
        local stamp = known[2] and tonumber(known[2])
        if not stamp or stamp < tonumber(ARGV[9]) or stamp > now + 2000 then
            changes[#changes + 1], changes[#changes + 2] = 'c', ARGV[9]
        end
        if ARGV[11] then
            redis.call('SET', KEYS[2], cmsgpack.pack(ARGV[8], ARGV[10], ARGV[11]) .. ARGV[6], 'EX', ARGV[12])
        end
    end
end
if changes[1] then redis.call('HSET', KEYS[1], unpack(changes)) end
if ARGV[6] then redis.call('EXPIRE', KEYS[1], 93600) end

local in_packs = 0
for i, pack in ipairs(packs) do in_packs = in_packs + math.max(0, pack[2] - used[i]) end
local told, parts = {}, {}
for i, scope in ipairs(scopes) do
    local state, rate = states[i], scope[2]
    local left, reset = -1, 0
    if rate >= 0 then
        local tat = math.max((counts and status == 2) and tats[i] - 60000000 / math.max(rate, 0.000001) or tats[i], at)
        left = math.min(rate, math.max(0, math.floor((at + 60000001 - tat) * rate / 60000000)))
        reset = math.ceil((tat - at) / 1000000)
    end
    told[i] = {
        rate, left, reset,
        scope[3], scope[3] < 0 and -1 or math.max(0, scope[3] - state[3]) + scope[5] * in_packs,
        scope[4], scope[4] < 0 and -1 or math.max(0, scope[4] - state[5]) + scope[5] * in_packs,
    }
end
for i, part in ipairs(from) do parts[i] = {part[2], part[3]} end
return {status, age, refusing, retry, told, parts, pass}
