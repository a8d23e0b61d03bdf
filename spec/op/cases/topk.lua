-- topk: against sorting in Lua, ties, NaN, other dimensions.
local numbers = require "spec.support.numbers"

local inf, nan = math.huge, 0 / 0

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
