--[[
Stores that the records of a member belong to another deployment from now on, and from which one they still have to be
moved: a process that is killed before it has moved them leaves the move to the next one that reads the group.

KEYS[1]    joinGroup
ARGV[1]    the member's key
ARGV[2]    the deployment
ARGV[3]    'first' if no record of it has been stored under its own key yet, else ''
Reply      the deployment from which its records have to be moved, or '' for none
]]
-- @include left-places
local group, key, to, isFirst = KEYS[1], ARGV[1], ARGV[2], ARGV[3] == 'first'
local from = redis.call('HGET', group, 'u:' .. key) or key
if to == key then redis.call('HDEL', group, 'u:' .. key) else redis.call('HSET', group, 'u:' .. key, to) end
if from == to or (isFirst and from == key) then from = '' end
writeLeft(group, 'l:' .. key, readLeft(group, 'l:' .. key), to, from)
return from
