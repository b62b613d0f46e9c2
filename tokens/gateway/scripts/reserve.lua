-- Takes as take.lua does (here a function of that name; told.lua stands before this too), and keeps a record of what it
-- took, with one of the calls at once of each scope. One that is known already takes nothing.
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
if full > 0 and taken[1] == 1 then taken[1], taken[3] = 4, full end

local ends, one = at + tonumber(ARGV[2]), 0
local record
if taken[1] == 1 then
    one = 1
    local of_packs, held = 0, {}
    for _, part in ipairs(taken[6]) do
        held[part[1]] = part[2]
        of_packs = of_packs + part[2]
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
    local letters = ''
    for _, scope in ipairs(scopes) do letters = letters .. string.sub(scope[1], 1, 1) end
    record.limits = cmsgpack.pack({taken[5], at_once, letters})
    write(name, record, ends)
end
return {told(taken), ends, at_once}
