-- rank and topk: against sorting in Lua, ties, NaN, other dimensions.
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

-- Values and positions of the k best of a list, by sorting all of it.
local function best(row, k, largest)
  local order = {}
  for i = 1, #row do order[i] = i end
  table.sort(order, function(a, b)
    if row[a] ~= row[b] then return (row[a] > row[b]) == largest end
    return a < b
  end)
  local values = {}
  for i = 1, k do values[i] = row[order[i]] end
  return values, table.move(order, 1, k, 1, {})
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

  {op = "topk", name = "the last dimension", args = {k = 3},
    inputs = function(vs, n) return {n.distinct(vs, {5, 11}, 7)} end},

  {op = "topk", name = "the first dimension, smallest", args = {k = 2, dim = 1, largest = false},
    inputs = function(vs, n) return {n.distinct(vs, {7, 3, 2}, 8)} end},

  {op = "topk", name = "ties and infinities", args = {k = 3}, grad = {},
    inputs = function(vs) return {ties(vs)} end,
    forward = function(_, out)
      same(out[1], {3, 3, 2, 0, 0, 0, nan, nan, 2, inf, 5, -inf})
      same(out[2], {1, 3, 4, 1, 2, 3, 1, 4, 3, 2, 3, 1})
    end},

  {op = "topk", name = "the smallest, NaN last", args = {k = 3, largest = false}, grad = {},
    inputs = function(vs) return {ties(vs)} end,
    forward = function(_, out)
      same(out[1], {1, 2, 3, 0, 0, 0, 1, 2, nan, -inf, -inf, 5})
      same(out[2], {2, 4, 1, 1, 2, 3, 2, 3, 1, 1, 4, 3})
    end},

  {op = "topk", name = "none", args = {k = 0}, grad = {},
    inputs = function(vs) return {ties(vs)} end,
    forward = function(_, out) assert(out[1].shape[1] == 4 and out[2].shape[2] == 0) end},
}

for _, largest in ipairs {true, false} do
  list[#list + 1] = {op = "topk", name = "all of a long row, largest = " .. tostring(largest),
    args = {k = 100, largest = largest}, grad = {},
    inputs = function(vs, n)
      local draw, values = n.generator(9), {}
      for i = 1, 200 do values[i] = math.floor(draw() * 30) end
      return {vs.tensor(values):reshape({2, 100})}
    end,
    forward = function(_, out, inputs)
      local x, values, places = numbers.flat(inputs[1]), {}, {}
      for r = 1, 2 do
        local v, p = best(table.move(x, r * 100 - 99, r * 100, 1, {}), 100, largest)
        table.move(v, 1, 100, #values + 1, values)
        table.move(p, 1, 100, #places + 1, places)
      end
      same(out[1], values)
      same(out[2], places)
    end}
end

return list
