-- softmax, log_softmax, logsumexp and normalize along any dimension; overflow, masked rows, zeros.
local numbers = require "spec.support.numbers"
local torch = require "spec.op.torch"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end

-- Along the last dimension, the first, and one in the middle with more neighbours than one tile.
local along = {
  {"last", {3, 5}, {}}, {"wide", {2, 37}, {dim = -1}}, {"first", {5, 3}, {dim = 1}},
  {"middle", {2, 3, 19}, {dim = 2}}, {"a vector", {7}, {dim = 1}},
}
for _, op in ipairs {"softmax", "log_softmax", "logsumexp", "normalize"} do
  for k, way in ipairs(along) do
    add {op = op, name = way[1], args = way[3],
      inputs = function(vs) return {signed(vs, way[2], k)} end}
  end
end
add {op = "softmax", name = "far apart and all masked", grad = {},
  inputs = function(vs)
    local inf = math.huge
    return {vs.tensor {{1000, 1000, -1000}, {-inf, -inf, -inf}, {-inf, 3, -inf}}}
  end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {0.5, 0.5, 0, 0, 0, 0, 0, 1, 0}, {3, 3})
  end}
add {op = "log_softmax", name = "far apart", grad = {},
  inputs = function(vs) return {vs.tensor {{1000, 0}, {0, 1000}}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, -1000, -1000, 0}, {2, 2}) end}
add {op = "logsumexp", name = "kept, nothing there", args = {dim = 1, keepdim = true}, grad = {},
  inputs = function(vs)
    local inf = math.huge
    return {vs.tensor {{-inf, 1000, inf}, {-inf, -inf, 1}}}
  end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {-math.huge, 1000, math.huge}, {1, 3})
  end}
for name, dims in numbers.sorted {["neighbours"] = {2, 3}, ["the first two"] = {1, 2},
  ["apart"] = {1, 3}, ["apart, backwards"] = {-1, 2}, ["all"] = {1, 2, 3, 4}} do
  for _, keepdim in ipairs {false, true} do
    add {op = "logsumexp", name = name .. (keepdim and ", kept" or ""),
      args = {dim = dims, keepdim = keepdim},
      inputs = function(vs) return {signed(vs, {3, 2, 5, 4}, 7)} end,
      forward = function(vs, outputs, inputs)
        local want = inputs[1]:exp():sum(dims, keepdim):log()
        numbers.same(vs, outputs[1], numbers.flat(want), numbers.shape(want))
      end}
  end
end
add {op = "logsumexp", name = "apart and large", args = {dim = {1, 3}}, grad = {},
  inputs = function(vs) return {vs.ones(2, 3, 4) * 10000} end,
  forward = function(vs, outputs)
    local v = 10000 + math.log(8)
    numbers.same(vs, outputs[1], {v, v, v}, {3}, 1e-6)
  end}
add {op = "logsumexp", name = "kept", args = {dim = 2, keepdim = true},
  inputs = function(vs) return {signed(vs, {3, 5}, 1)} end}
add {op = "normalize", name = "1-norm", args = {p = 1},
  inputs = function(vs) return {signed(vs, {3, 5}, 1)} end}
add {op = "normalize", name = "3-norm of columns", args = {p = 3, dim = 1},
  inputs = function(vs) return {signed(vs, {5, 3}, 1)} end}
add {op = "normalize", name = "values and zeros", grad = {},
  inputs = function(vs) return {vs.tensor {{3, 4}, {0, 0}, {-5, 12}}} end,
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {0.6, 0.8, 0, 0, -5 / 13, 12 / 13}, {3, 2})
  end}
-- Below eps the row is divided by eps, and so is its gradient.
add {op = "normalize", name = "below eps", args = {eps = 10},
  inputs = function(vs) return {signed(vs, {2, 3}, 1)} end}

torch.add(list, {
  {"logsumexp.apart", {dim = {1, 3}}}, {"logsumexp.neighbours", {dim = {2, 3}, keepdim = true}},
})

return list
