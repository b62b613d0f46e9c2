-- Answers {how many reservations ended, in how many ms to look again (-1: nothing is kept)}.
local at = server_ms()
local ended = lapse(at)
local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
return {ended, first[2] and math.max(0, tonumber(first[2]) - at) or -1}
