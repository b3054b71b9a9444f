--[[
Announces a request whose webhook will come back to us.

KEYS[1]    expectedEchoes
ARGV[1]    the deployment for which the request is made
ARGV[2]    seconds that it is expected
Reply      1
]]
redis.call('SADD', KEYS[1], ARGV[1])
return redis.call('EXPIRE', KEYS[1], ARGV[2])
