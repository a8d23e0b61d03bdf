-- Reductions: over everything, one dimension, several, kept or not; values against plain loops.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local list = {}

-- fn(list of values, their places from 1) for each group of elements that dims (nil: all) join.
local function reduce(x, dims, keep, fn)
  local shape, values, gone = numbers.shape(x), numbers.flat(x), {}
  for _, d in ipairs(dims or {}) do gone[d < 0 and d + #shape + 1 or d] = true end
  local result_shape, groups, order = {}, {}, {}
  for d, size in ipairs(shape) do
    if dims and not gone[d] then result_shape[#result_shape + 1] = size
    elseif keep then result_shape[#result_shape + 1] = 1 end
  end
  for k, v in ipairs(values) do
    local rest, key, place = k - 1, 0, 1
    for d = #shape, 1, -1 do
      local at = rest % shape[d]
      rest = rest // shape[d]
      if dims and not gone[d] then key, place = key + at * place, place * shape[d] end
    end
    if not groups[key] then
      groups[key] = {}
      order[#order + 1] = key
    end
    table.insert(groups[key], v)
  end
  table.sort(order)
  local result = {}
  for i, key in ipairs(order) do result[i] = fn(groups[key]) end
  return result, result_shape
end

local function best(beats)
  return function(group)
    local at = 1
    for i = 2, #group do if beats(group[i], group[at]) then at = i end end
    return at, group[at]
  end
end
local largest = best(function(a, b) return a > b end)
local smallest = best(function(a, b) return a < b end)

local function sum(group)
  local total = 0
  for _, v in ipairs(group) do total = total + v end
  return total
end
local function mean(group) return sum(group) / #group end
local function second(fn) return function(group) return (select(2, fn(group))) end end
local function first(fn) return function(group) return (fn(group)) end end

-- {name, dims for the formula, args}
local one_dim = {
  {"everything", nil, {}}, {"everything, kept", nil, {keepdim = true}},
  {"first", {1}, {dim = 1}}, {"middle", {2}, {dim = 2}},
  {"last, kept", {-1}, {dim = -1, keepdim = true}},
}
local many_dims = {
  table.unpack(one_dim),
}
many_dims[#many_dims + 1] = {"two", {1, 3}, {dim = {1, 3}}}
many_dims[#many_dims + 1] = {"two, kept", {2, -1}, {dim = {2, -1}, keepdim = true}}

local function add(op, ways, formulas, make)
  for _, way in ipairs(ways) do
    local name, dims, args = table.unpack(way, 1, 3)
    list[#list + 1] = {op = op, name = name, args = args,
      inputs = function(vs) return {make(vs)} end,
      forward = function(vs, outputs, inputs)
        for i, formula in ipairs(formulas) do
          local want, shape = reduce(inputs[1], dims, args.keepdim, formula)
          numbers.same(vs, outputs[i], want, shape)
        end
      end}
  end
end

local function real(vs) return numbers.signed(vs, {3, 5, 7}, 1) end
local function distinct(vs) return numbers.distinct(vs, {3, 5, 7}, 2) end
local function tied(vs) return numbers.index(vs, {3, 5, 7}, 3, 3) end

add("sum", many_dims, {sum}, real)
add("mean", many_dims, {mean}, real)
add("amax", many_dims, {second(largest)}, distinct)
add("amin", many_dims, {second(smallest)}, distinct)
add("max", one_dim, {second(largest), first(largest)}, distinct)
add("min", one_dim, {second(smallest), first(smallest)}, distinct)
add("argmax", one_dim, {first(largest)}, tied)
add("argmin", one_dim, {first(smallest)}, tied)

-- More elements than one block of a kernel, and rows of odd length beside it.
for _, shape in ipairs {{1, 1, 1}, {2, 1, 1031}, {67, 3, 1}} do
  local name = "[" .. table.concat(shape, ",") .. "]"
  for _, way in ipairs {{"all of ", nil}, {"rows of ", {3}}, {"columns of ", {1}}} do
    list[#list + 1] = {op = "sum", name = way[1] .. name, args = way[2] and {dim = way[2]} or {},
      grad = {},
      inputs = function(vs) return {numbers.signed(vs, shape, 5)} end,
      forward = function(vs, outputs, inputs)
        local want, out_shape = reduce(inputs[1], way[2], false, sum)
        numbers.same(vs, outputs[1], want, out_shape, vs.build.real == "float" and 1e-5 or nil)
      end}
  end
end
list[#list + 1] = {op = "sum", name = "integers give int64", grad = {},
  inputs = function(vs) return {tied(vs)} end,
  forward = function(vs, outputs, inputs)
    assert(outputs[1].dtype == "int64")
    numbers.same(vs, outputs[1], {sum(numbers.flat(inputs[1]))}, {})
  end}
list[#list + 1] = {op = "mean", name = "of nothing is NaN", grad = {},
  inputs = function(vs) return {vs.zeros(0)} end,
  forward = function(_, outputs) assert(outputs[1]:item() ~= outputs[1]:item()) end}
list[#list + 1] = {op = "max", name = "NaN counts as largest", grad = {},
  inputs = function(vs) return {vs.tensor {1, 0 / 0, 3}} end,
  forward = function(_, outputs)
    assert(outputs[1]:item() ~= outputs[1]:item() and outputs[2]:item() == 2)
  end}

torch.add(list, {
  {"amax.ties", {dim = {1, 3}}, kink = true}, {"amin.ties", {dim = {3, 2}, keepdim = true},
    kink = true}, {"amax.all of ties", {}, kink = true},
})
for op, better in numbers.sorted {amax = math.max, amin = math.min} do
  list[#list + 1] = {op = op, name = "integers beyond 2^53", args = {dim = {1, 2}}, grad = {},
    inputs = function(vs)
      local x = vs.zeros(2, 3, 2, {dtype = "int64"}) + ((1 << 53) + 1)
      x[{2, 2, 1}], x[{1, 3, 2}] = (1 << 53) + 3, (1 << 53)
      return {x}
    end,
    forward = function(_, outputs, inputs)
      local x, want = inputs[1], {}
      for k = 1, 2 do
        want[k] = x[{1, 1, k}]:item()
        for i = 1, 2 do
          for j = 1, 3 do want[k] = better(want[k], x[{i, j, k}]:item()) end
        end
      end
      assert(outputs[1].dtype == "int64")
      for k = 1, 2 do assert(outputs[1][k]:item() == want[k]) end
    end}
end

-- A boolean of Lua over everything, a bool tensor along a dimension.
local function quantified(op, holds)
  list[#list + 1] = {op = op, name = "everything",
    inputs = function(vs) return {numbers.mask(vs, {3, 5}, 4)} end,
    forward = function(vs, outputs, inputs)
      local fn = op == "all" and vs.ones or vs.zeros
      assert(outputs[1] == holds(numbers.flat(inputs[1])))
      assert(fn(2, 3)[op](fn(2, 3)) == (op == "all"))
    end}
  for _, way in ipairs {{"first", 1, false}, {"last, kept", -1, true}} do
    list[#list + 1] = {op = op, name = way[1], args = {dim = way[2], keepdim = way[3]},
      inputs = function(vs) return {numbers.mask(vs, {5, 3}, 4)} end,
      forward = function(vs, outputs, inputs)
        local want, shape = reduce(inputs[1], {way[2]}, way[3], function(group)
          return holds(group) and 1 or 0
        end)
        assert(outputs[1].dtype == "bool")
        numbers.same(vs, outputs[1], want, shape)
      end}
  end
end
quantified("all", function(group) return sum(group) == #group end)
quantified("any", function(group) return sum(group) > 0 end)

return list
