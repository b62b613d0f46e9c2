-- Whose call has this name? KEYS[1] the name; ARGV[1] the workspace that claims it  [2] for how long (s)
local owner = redis.call('GET', KEYS[1])
if owner then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
