-- KEYS[1]  the record
-- ARGV[1]  SHA-1 of the expected record as hex text, or nothing if there must be none
-- ARGV[2]  the new record, and
-- ARGV[3]  its life in seconds; neither to delete
-- Answers 1 when it is done, else what is stored now, or nil.
local current = redis.call('GET', KEYS[1])
if (current and redis.sha1hex(current) or '') ~= ARGV[1] then
  return current
end
if ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
else
  redis.call('DEL', KEYS[1])
end
return 1
