--[[
Writes what is known of the numbered deployments of one application, unless somebody wrote it meanwhile: then the caller
reads it again. domain/serial-document.ts says what stands in it.

KEYS[1]    history
ARGV[1]    what the caller read, or nothing
ARGV[2]    what takes its place (JSON)
ARGV[3]    seconds that it is kept
Reply      1, or 0 when it was written to meanwhile
]]
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
