-- rank: ties, NaN, groups, and scores that are decided by their rows.
local numbers = require "spec.support.numbers"

local inf, nan = math.huge, 0 / 0

local function index(vs, list) return vs.tensor(list, {dtype = "int64"}) end

local function same(t, want)
  local got = numbers.flat(t)
  assert(#got == #want, #got .. " values, expected " .. #want)
  for i, w in ipairs(want) do
    assert(got[i] == w or (got[i] ~= got[i] and w ~= w),
      ("element %d is %s, expected %s"):format(i, got[i], w))
  end
end

local function ties(vs)
  return vs.tensor {{3, 1, 3, 2}, {0, 0, 0, 0}, {nan, 1, 2, nan}, {-inf, inf, 5, -inf}}
end

local list = {
  {op = "rank", name = "ties count against the target",
    inputs = function(vs) return {ties(vs), index(vs, {1, 4, 3, 1})} end,
    forward = function(_, out) same(out[1], {2, 4, 3, 4}) end},

  {op = "rank", name = "a target that is NaN comes last",
    inputs = function(vs) return {ties(vs), index(vs, {4, 1, 1, 2})} end,
    forward = function(_, out) same(out[1], {3, 4, 4, 1}) end},

  {op = "rank", name = "the best column of a group",
    inputs = function(vs)
      return {vs.tensor {{5, 9, 9, 1, 7}, {5, 9, 7, 1, 7}, {nan, nan, 0, 1, 2}},
        index(vs, {1, 3, 1}), index(vs, {1, 1, 2, 3, 3})}
    end,
    forward = function(_, out) same(out[1], {2, 3, 4}) end},

  {op = "rank", name = "against counting in Lua",
    inputs = function(vs, n)
      return {n.uniform(vs, {7, 33}, -1, 1, 5), index(vs, {1, 33, 17, 4, 4, 20, 9})}
    end,
    forward = function(_, out, inputs)
      local scores, target = numbers.flat(inputs[1]), numbers.flat(inputs[2])
      local want = {}
      for q = 1, 7 do
        want[q] = 0
        for j = 1, 33 do
          local own = scores[(q - 1) * 33 + target[q]]
          if scores[(q - 1) * 33 + j] >= own then want[q] = want[q] + 1 end
        end
      end
      same(out[1], want)
    end},

  {op = "rank", name = "near scores are decided by the rows",
    inputs = function(vs)
      -- the scores as given say otherwise: off by less than 1e-5, in either direction
      local x = vs.tensor {{1, 0}, {0, 1}}
      local y = vs.tensor {{0.6, 0.8}, {0.6, 0.8}, {0.600002, 0.8}, {0.599998, 0.8}, {1, 0}, {0, 1}}
      local scores = vs.tensor {{0.6000003, 0.5999999, 0.6, 0.6, 1, 0}, {0.8, 0.8, 0.8, 0.8, 0, 1}}
      return {scores, index(vs, {1, 1}), x, y}
    end,
    call = function(_, scores, target, x, y)
      return scores:rank {target = target, x = x, y = y}
    end,
    forward = function(_, out) same(out[1], {4, 5}) end},

  {op = "rank", name = "near scores of groups",
    inputs = function(vs)
      local x = vs.tensor {{1, 0}, {1, 0}}
      local y = vs.tensor {{0.6, 0.8}, {0.6, 0.8}, {0.600002, 0.8}, {0.599998, 0.8}, {1, 0}, {0, 1}}
      local scores = vs.tensor {{0.6000003, 0.5999999, 0.6, 0.6, 1, 0}, {0.6, 0.6, 0.6, 0.6, 1, 0}}
      return {scores, index(vs, {1, 2}), index(vs, {1, 1, 2, 1, 4, 2}), x, y}
    end,
    forward = function(_, out) same(out[1], {3, 2}) end},
}

return list
