-- ARGV[1] name; answers {state, ends (ms), asked, answer, limits}, or nothing
lapse(server_ms())
local record = read(ARGV[1])
if not record then return false end
return {record.state, record.ends, record.asked, record.answer, record.limits}
