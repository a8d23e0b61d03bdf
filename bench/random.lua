-- Nanoseconds per element of random numbers and dropout beside a copy, for a tensor that lies in
-- memory and is larger than the caches.
--
--   lua5.4 bench/random.lua --threads=1
local vs = require "vesper"

local o = require "vesper.util.command".parse(arg, {
  name = "bench/random.lua", about = "Nanoseconds per element of random numbers and dropout.",
  options = {{"threads", 1, "threads"}, {"millions", 32, "elements"}, {"turns", 9, "turns"}},
})
vs.set_num_threads(o.threads)
local n = o.millions * 1000000
local x, y = vs.ones(n), vs.empty(n)

local kinds = {
  {"copy", function() y:copy_(x) end},
  {"uniform_", function() y:uniform_() end},
  {"normal_", function() y:normal_() end},
  {"clone", function() return x:clone() end},
  {"dropout", function() return vs.nn.functional.dropout(x, 0.1) end},
}
local seconds = {}
for turn = 0, o.turns do -- the first turn is a warm-up
  for i, kind in ipairs(kinds) do
    local start = vs.now()
    kind[2]()
    seconds[i] = seconds[i] or {}
    if turn > 0 then table.insert(seconds[i], vs.now() - start) end
  end
end
print(("%d million elements, %d threads, %s"):format(o.millions, o.threads, vs.build.isa))
for i, kind in ipairs(kinds) do
  table.sort(seconds[i])
  print(("%-9s %.2f ns"):format(kind[1], seconds[i][(o.turns + 1) // 2] * 1e9 / n))
end
