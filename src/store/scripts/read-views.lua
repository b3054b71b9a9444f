--[[
Reads the views of many deployments, as Redis has no command that reads one field of many hashes.

KEYS[1...] deployment       each
Reply      the view (JSON) of each, or its packed data, or nil
]]
local views = {}
for i, deployment in ipairs(KEYS) do
  views[i] = redis.call('HGET', deployment, 'view') or redis.call('HGET', deployment, 'packed')
end
return views
