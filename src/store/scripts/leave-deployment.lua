--[[
Stores that all records of a member were moved from one deployment to another. If the member was assigned to a third one
meanwhile, the records have to be moved on, and where they are now is remembered.

KEYS[1]    joinGroup
ARGV[1]    the member's key
ARGV[2]    the deployment that its records were moved from
ARGV[3]    the deployment that they were moved to
Reply      the deployment that the member is assigned to
]]
-- @include left-places
local group, key, from, to = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local under = redis.call('HGET', group, 'u:' .. key) or key
writeLeft(group, 'l:' .. key, readLeft(group, 'l:' .. key), from, under ~= to and to or '')
return under
