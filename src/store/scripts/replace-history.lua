--[[
Replaces the serial history of one application (domain/serial-document.ts), unless it was changed in the meantime: then
the caller reads it again.

KEYS[1]    history
ARGV[1]    the history as the caller has read it, or nothing
ARGV[2]    the new history (JSON)
ARGV[3]    time to live, seconds
Reply      1, or 0 when it was changed
]]
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
