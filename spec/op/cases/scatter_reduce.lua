-- scatter_reduce: every way, along every dimension; against sums of a list for each place, and
-- PyTorch's values.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

local reductions = {
  sum = function(a, b) return a + b end, prod = function(a, b) return a * b end,
  mean = function(a, b) return a + b end, amax = math.max, amin = math.min,
}

-- The values of each place of x [rows,columns] along dimension 2, reduced.
local function by_lists(reduce, include)
  return function(vs, outputs, inputs)
    local x, index, src = inputs[1], inputs[2]:tolist(), inputs[3]:tolist()
    local want, columns = numbers.flat(x), x.shape[2]
    for r, row in ipairs(index) do
      local places = {}
      for k, at in ipairs(row) do
        places[at] = places[at] or {}
        table.insert(places[at], src[r][k])
      end
      for at, values in pairs(places) do
        local k = (r - 1) * columns + at
        if include then table.insert(values, 1, want[k]) end
        local result = values[1]
        for i = 2, #values do result = reductions[reduce](result, values[i]) end
        want[k] = reduce == "mean" and result / #values or result
      end
    end
    numbers.same(vs, outputs[1], want, numbers.shape(x))
  end
end

for reduce in numbers.sorted(reductions) do
  for _, include in ipairs {true, false} do
    local how = reduce .. (include and "" or " without self")
    add {op = "scatter_reduce", name = how,
      args = {dim = 2, reduce = reduce, include_self = include},
      forward = by_lists(reduce, include),
      inputs = function(vs)
        return {numbers.distinct(vs, {3, 5}, 1),
          ids(vs, {{1, 1, 4, 1}, {2, 3, 2, 5}, {4, 4, 4, 4}}), numbers.signed(vs, {3, 4}, 2)}
      end}
    torch.add(list, {
      {"scatter_reduce." .. how, {dim = 1, reduce = reduce, include_self = include}},
      {"scatter_reduce.ties and zeros " .. how, {dim = 2, reduce = reduce, include_self = include},
        kink = true},
    })
  end
end
add {op = "scatter_reduce", name = "integers", args = {dim = 1, reduce = "sum"}, grad = {},
  inputs = function(vs)
    return {ids(vs, {(1 << 60) + 1, -3, 5}), ids(vs, {2, 3, 3}), ids(vs, {2, 1, 1})}
  end,
  forward = function(_, outputs)
    assert(outputs[1]:tolist()[1] == (1 << 60) + 1)
    assert(outputs[1]:tolist()[2] == -1 and outputs[1]:tolist()[3] == 7)
  end}
add {op = "scatter_reduce", name = "NaN is every extreme", args = {dim = 1, reduce = "amax"},
  grad = {},
  inputs = function(vs)
    return {vs.tensor {1, 0 / 0}, ids(vs, {1, 1, 2}), vs.tensor {0 / 0, 3, 4}}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0 / 0, 0 / 0}) end}

return list
