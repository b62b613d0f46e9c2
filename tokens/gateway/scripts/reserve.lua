-- Takes as take.lua does (here a function of that name), and keeps a record of what it took, with one of the calls at
-- once of each scope. One that is known already takes nothing.
-- KEYS[5] the stored pass; ARGV[1] name  [2] how long (ms)  [3] asked  [4] price  [5] about  [6] answer  [7…] of take.lua
-- Answers {what take answers, or 4 for too many calls at once, ends (ms), {{calls at once, left, reset s} a scope}},
--         or {state, ends, asked, answer, limits} of the one that is known.

local at, name = server_ms(), ARGV[1]
lapse(at)
local known = read(name)
if known then return {known.state, known.ends, known.asked, known.answer, known.limits} end

local arguments = {unpack(ARGV, 7)}
local limits = cmsgpack.unpack(arguments[6])
local scopes, packs = limits[1], limits[2]
local calls, full = {}, 0
for i, scope in ipairs(scopes) do
    calls[i] = redis.call('ZLEXCOUNT', KEYS[4], '[' .. line(scope[1], at + 1, ''), '(' .. scope[1] .. '!')
    if full == 0 and scope[6] >= 0 and calls[i] >= scope[6] then full = i end
end
if full > 0 then arguments[3] = 0 end
local taken = take({KEYS[1], KEYS[5]}, arguments)
if full > 0 and taken[1] == 1 then taken[1], taken[4] = 4, full end

local ends, one = at + tonumber(ARGV[2]), 0
local record
if taken[1] == 1 then
    one = 1
    local of_packs, held = 0, {}
    for i = 6 + #scopes, #taken do
        held[taken[i][1]] = taken[i][2]
        of_packs = of_packs + taken[i][2]
    end
    record = {
        state = 'held', ends = ends, asked = ARGV[3], price = tonumber(ARGV[4]), about = ARGV[5], answer = ARGV[6],
        day = math.floor(tonumber(arguments[1]) / 86400000), month = tonumber(arguments[5]), scopes = {}, packs = {},
    }
    for i, scope in ipairs(scopes) do
        local own = tonumber(arguments[3]) - scope[5] * of_packs
        record.scopes[i] = {scope[1], own, scope[3], scope[4], scope[5]}
        redis.call('ZADD', KEYS[4], 0, line(scope[1], ends, name))
    end
    for i, pack in ipairs(packs) do record.packs[i] = {pack[1], pack[2], held[pack[1]] or 0} end
end

local at_once = {}
for i, scope in ipairs(scopes) do
    local range = {'(' .. scope[1] .. '!', '[' .. scope[1] .. ' '}
    local last = redis.call('ZREVRANGEBYLEX', KEYS[4], range[1], range[2], 'LIMIT', 0, 1)[1]
    local until_last = last and tonumber(string.sub(last, #scope[1] + 2, #scope[1] + 14)) - at or 0
    at_once[i] = {scope[6], math.max(0, scope[6] - calls[i] - one), math.ceil(math.max(0, until_last) / 1000)}
end
if record then
    local states, letters = {}, ''
    for i, scope in ipairs(scopes) do
        states[i], letters = taken[i + 5], letters .. string.sub(scope[1], 1, 1)
    end
    record.limits = cmsgpack.pack({states, at_once, letters})
    write(name, record, ends)
end
return {taken, ends, at_once}
