--[[
Announces a write to a tool that the tool will send back to us as a webhook (an echo).

KEYS[1]    expectedEchoes
ARGV[1]    the deployment that the write is for
ARGV[2]    time to live of the announcement, seconds
Reply      1
]]
redis.call('SADD', KEYS[1], ARGV[1])
return redis.call('EXPIRE', KEYS[1], ARGV[2])
