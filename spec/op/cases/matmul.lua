-- Products: plain, batched, batches that broadcast, vectors on either side; against triple loops.
local numbers = require "spec.support.numbers"

local list = {}

-- Row-major product of [m,k] and [k,n], from offsets into flat lists.
local function product(a, at_a, b, at_b, m, k, n, out)
  for i = 0, m - 1 do
    for j = 0, n - 1 do
      local total = 0
      for p = 0, k - 1 do total = total + a[at_a + i * k + p + 1] * b[at_b + p * n + j + 1] end
      out[#out + 1] = total
    end
  end
end

-- Each batch of x times one of y: `pick(b)` says which, from 0.
local function by_loops(m, k, n, batches, pick_x, pick_y, shape)
  return function(vs, outputs, inputs)
    local x, y, want = numbers.flat(inputs[1]), numbers.flat(inputs[2]), {}
    for b = 0, batches - 1 do
      product(x, pick_x(b) * m * k, y, pick_y(b) * k * n, m, k, n, want)
    end
    numbers.same(vs, outputs[1], want, shape, vs.build.real == "float" and 1e-5 or nil)
  end
end
local function zero() return 0 end
local function same(b) return b end

-- {name, shape of x, shape of y, forward}
local ways = {
  {"matrices", {3, 5}, {5, 7}, by_loops(3, 5, 7, 1, zero, zero, {3, 7})},
  {"one row", {1, 5}, {5, 1}, by_loops(1, 5, 1, 1, zero, zero, {1, 1})},
  {"vectors", {5}, {5}, by_loops(1, 5, 1, 1, zero, zero, {})},
  {"vector left", {5}, {5, 7}, by_loops(1, 5, 7, 1, zero, zero, {7})},
  {"vector right", {3, 5}, {5}, by_loops(3, 5, 1, 1, zero, zero, {3})},
  {"batches", {4, 3, 5}, {4, 5, 2}, by_loops(3, 5, 2, 4, same, same, {4, 3, 2})},
  {"one matrix for every batch", {4, 3, 5}, {5, 2}, by_loops(3, 5, 2, 4, same, zero, {4, 3, 2})},
  {"one matrix before a batch", {3, 5}, {4, 5, 2}, by_loops(3, 5, 2, 4, zero, same, {4, 3, 2})},
  {"batches that broadcast", {2, 1, 3, 5}, {4, 5, 2}, by_loops(3, 5, 2, 8,
    function(b) return b // 4 end, function(b) return b % 4 end, {2, 4, 3, 2})},
  {"vector times batches", {5}, {4, 5, 2}, by_loops(1, 5, 2, 4, zero, same, {4, 2})},
  {"batches times vector", {4, 3, 5}, {5}, by_loops(3, 5, 1, 4, same, zero, {4, 3})},
}
for k, way in ipairs(ways) do
  list[#list + 1] = {op = "matmul", name = way[1], forward = way[4],
    inputs = function(vs)
      return {numbers.signed(vs, way[2], k), numbers.signed(vs, way[3], 40 + k)}
    end}
end
list[#list + 1] = {op = "matmul", name = "nothing to sum", grad = {},
  inputs = function(vs) return {vs.zeros(3, 0), vs.zeros(0, 2)} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 0, 0, 0, 0, 0}, {3, 2}) end}

local function linear(name, shape, bias)
  local rows, out_shape = numbers.count(shape) // 5, {table.unpack(shape)}
  out_shape[#shape] = 7
  list[#list + 1] = {op = "linear", name = name,
    inputs = function(vs)
      local x, w = numbers.signed(vs, shape, 1), numbers.signed(vs, {7, 5}, 2)
      return {x, w, bias and numbers.signed(vs, {7}, 3) or nil}
    end,
    forward = function(vs, outputs, inputs)
      local x, w, b, want = numbers.flat(inputs[1]), numbers.flat(inputs[2]), {}, {}
      if bias then b = numbers.flat(inputs[3]) end
      for r = 0, rows - 1 do
        for o = 0, 6 do
          local total = b[o + 1] or 0
          for i = 1, 5 do total = total + x[r * 5 + i] * w[o * 5 + i] end
          want[#want + 1] = total
        end
      end
      numbers.same(vs, outputs[1], want, out_shape)
    end}
end
linear("matrix", {3, 5}, true)
linear("matrix, no bias", {3, 5}, false)
linear("vector", {5}, true)
linear("batch of sequences", {2, 3, 5}, true)

return list
