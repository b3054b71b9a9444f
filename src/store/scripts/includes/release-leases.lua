-- Releases the leases KEYS[first], KEYS[first + 1], … that are still held with this token.
local function releaseLeases(first, token)
  for i = first, #KEYS do
    if redis.call('GET', KEYS[i]) == token then redis.call('DEL', KEYS[i]) end
  end
end
