-- sort and argsort: ties, NaN, other dtypes, lengths around those of runs, and PyTorch's values.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local list = {}
local function add(case) list[#list + 1] = case end
local nan, inf = 0 / 0, math.huge

-- The stable order of a list, by Lua's own sort.
local function order_of(values, descending)
  local order = {}
  for i in ipairs(values) do order[i] = i end
  table.sort(order, function(a, b)
    local x, y = values[a], values[b]
    if x == y then return a < b end
    if descending then return x > y end
    return x < y
  end)
  return order
end

local function check(descending)
  return function(vs, outputs, inputs)
    local values, want = numbers.flat(inputs[1]), {}
    local order = order_of(values, descending)
    for i, at in ipairs(order) do want[i] = values[at] end
    if #outputs == 2 then
      assert(outputs[1].dtype == inputs[1].dtype)
      numbers.same(vs, outputs[1], want, {#values}, 0)
    end
    numbers.same(vs, outputs[#outputs], order, {#values})
  end
end

for _, n in ipairs {0, 1, 2, 16, 17, 33, 100, 257} do
  for _, op in ipairs {"sort", "argsort"} do
    add {op = op, name = n .. " integers with ties", grad = {}, args = {descending = n % 2 == 1},
      inputs = function(vs) return {numbers.index(vs, {n}, 9, n + 1) - 5} end,
      forward = check(n % 2 == 1)}
  end
end
add {op = "argsort", name = "numbers", args = {descending = true},
  inputs = function(vs) return {numbers.distinct(vs, {41}, 3)} end, forward = check(true)}
for descending, want in pairs {[false] = {4, 6, 3, 5, 2, 7, 1}, [true] = {1, 7, 2, 3, 5, 6, 4}} do
  add {op = "sort", name = "special values " .. (descending and "down" or "up"), grad = {},
    args = {descending = descending},
    inputs = function(vs) return {vs.tensor {nan, 1, -0.0, -inf, 0.0, -2, inf}} end,
    forward = function(vs, outputs) numbers.same(vs, outputs[2], want, {7}) end}
end
for _, dtype in ipairs {"uint8", "int32", "bool", "float16"} do
  add {op = "sort", name = dtype, grad = {},
    inputs = function(vs) return {vs.tensor({1, 0, 1, 0, 0}):to(dtype)} end,
    forward = function(vs, outputs)
      assert(outputs[1].dtype == dtype)
      numbers.same(vs, outputs[1], {0, 0, 0, 1, 1}, {5})
      numbers.same(vs, outputs[2], {2, 4, 5, 1, 3}, {5})
    end}
end
add {op = "sort", name = "no dimensions", grad = {},
  inputs = function(vs) return {vs.tensor(3)} end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {3}, {})
    numbers.same(vs, outputs[2], {1}, {})
  end}

torch.add(list, {
  {"sort.last"}, {"sort.middle", {dim = 2, descending = true}}, {"sort.long", kink = true},
})

return list
