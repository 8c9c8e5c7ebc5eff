-- KEYS[1]  the record
-- Deletes it, and answers as DEL does. It always writes: WAIT waits for what its own connection has written, and newer servers
-- don't count a DEL that finds nothing. If it finds nothing since a deletion before has not reached the replicas yet, they
-- have that one, too, when they have this one.
local deleted = redis.call('DEL', KEYS[1])
if deleted == 0 then
  redis.call('SET', KEYS[1], '')
  redis.call('DEL', KEYS[1])
end
return deleted
