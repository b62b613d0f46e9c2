-- PostgreSQL was read, and the workspace had this version: what is stored of it may be used for longer.
-- KEYS[1] the workspace; ARGV[1] the version, [2] when it was read (ms)
local known = redis.call('HMGET', KEYS[1], 'v', 'c')
local newest, read = known[1] and tonumber(known[1]), tonumber(ARGV[1])
if newest and newest > read then return 0 end
if newest ~= read then
    redis.call('HSET', KEYS[1], 'v', ARGV[1], 'c', ARGV[2])
elseif not known[2] or tonumber(known[2]) < tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], 'c', ARGV[2])
end
redis.call('EXPIRE', KEYS[1], 93600)
return 1
