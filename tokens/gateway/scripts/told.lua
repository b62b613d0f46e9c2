-- What take.lua answers as one packed text, which is read in one step, with scopes counted from 0. The pass stands in it
-- as it is stored. A miss stays what it is.
local function told(taken)
    if taken[1] == 0 then return taken end
    local status, age, refusing, retry, scopes, packs, pass = unpack(taken, 1, 7)
    -- An array of seven, the last one nil where there is no pass.
    return '\151' .. cmsgpack.pack(status, age, refusing - 1, retry, scopes, packs) .. (pass or '\192')
end
