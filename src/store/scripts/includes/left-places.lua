-- The deployments that may still have records of a member, from the field of the group that lists them.
local function readLeft(group, field)
  local json = redis.call('HGET', group, field)
  return json and cjson.decode(json) or {}
end
-- Stores the list, without one of them and with another one (each may be '').
local function writeLeft(group, field, left, without, with)
  local kept = {}
  for _, place in ipairs(left) do
    if place ~= without and place ~= with then kept[#kept + 1] = place end
  end
  if with ~= '' then kept[#kept + 1] = with end
  if #kept == 0 then redis.call('HDEL', group, field) else redis.call('HSET', group, field, cjson.encode(kept)) end
end
