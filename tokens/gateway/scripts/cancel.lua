-- The call was not made: all that was held for it is there again.
-- ARGV[1] name  [2] 'forget': as if it had never been; 'note': remember one unknown, too
-- Answers 'cancelled', 'settled' or 'unknown'.

local at, name = server_ms(), ARGV[1]
lapse(at)
local record = read(name)
if not record then
    if ARGV[2] ~= 'note' then return 'unknown' end
    write(name, {state = 'cancelled', ends = at, asked = '', answer = '', limits = ''}, at + KEPT)
    return 'cancelled'
end
if record.state == 'settled' then return 'settled' end
if record.state == 'held' then release(name, record) end
if ARGV[2] == 'forget' then
    forget(name)
elseif record.state ~= 'cancelled' then
    record.state = 'cancelled'
    write(name, record, record.ends + KEPT)
end
return 'cancelled'
