--[[
Stores the id of a deployment that we created at the forge, and withdraws its announcement.

KEYS[1]    echoOfId
KEYS[2]    expectedEchoes
ARGV[1]    our deployment that it was created for
ARGV[2]    time to live of the id, seconds
ARGV[3]    its short commit
Reply      1, or 0 when it was not announced
]]
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[2])
return redis.call('SREM', KEYS[2], ARGV[1])
