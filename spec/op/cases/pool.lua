-- Pooling.  Values are compared with PyTorch's in spec/nn; here are gradients, and values that can
-- be seen by eye.
local numbers = require "spec.support.numbers"

local distinct = numbers.distinct
local list = {}
local function add(case) list[#list + 1] = case end

local function pool(op, name, shape, args)
  add {op = op, name = name, args = args, inputs = function(vs) return {distinct(vs, shape, 4)} end}
end

for _, op in ipairs {"max_pool2d", "avg_pool2d"} do
  pool(op, "2 x 2", {2, 3, 4, 6}, {kernel = 2})
  pool(op, "2 x 2, odd sizes", {2, 2, 5, 17}, {kernel = 2})
  pool(op, "overlapping, padded", {2, 2, 7, 8}, {kernel = 3, stride = 2, padding = 1})
  pool(op, "pairs", {1, 2, 7, 9}, {kernel = {3, 2}, stride = {1, 3}, padding = {1, 0}})
  pool(op, "without a batch", {3, 5, 4}, {kernel = {2, 3}})
  pool(op, "overlapping, wide", {1, 2, 5, 43}, {kernel = 3, stride = 2, padding = 1})
end

add {op = "max_pool2d", name = "by eye",
  inputs = function(vs)
    return {vs.tensor{{{{1, 7, 2, 3, 9}, {5, 6, 8, 4, 9}, {0, 0, 0, 0, 0}}}} * 0.5}
  end,
  args = {kernel = 2},
  forward = function(vs, outputs)
    numbers.same(vs, outputs[1], {3.5, 4}, {1, 1, 1, 2})
  end}

add {op = "max_pool2d", name = "ties go to the first, NaN wins", grad = {}, args = {kernel = 2},
  inputs = function(vs) return {vs.tensor{{{{3, 3, 0 / 0, 1}, {3, 3, 2, 5}}}}} end,
  forward = function(vs, outputs, inputs)
    numbers.same(vs, outputs[1], {3, 0 / 0}, {1, 1, 1, 2})
    local x = inputs[1]:detach():clone():requires_grad_()
    vs.max_pool2d(x, 2):sum():backward()
    numbers.same(vs, x.grad, {1, 0, 1, 0, 0, 0, 0, 0}, {1, 1, 2, 4})
  end}

-- Which of the values `from` .. `to` of the rows x[top] .. x[bottom] wins: row and column.
local function winner(x, top, bottom, from, to)
  local r, c = top, from
  for i = top, bottom do
    for j = from, to do
      if x[i][j] > x[r][c] or x[i][j] ~= x[i][j] then r, c = i, j end
    end
  end
  return r, c
end

add {op = "max_pool2d", name = "rows of every width, with ties, NaN and infinities", grad = {},
  args = {kernel = 2}, inputs = function(vs) return {vs.ones(1, 1, 2, 2)} end,
  forward = function(vs)
    local draw = numbers.generator(3)
    local some = {0, 1, 2, 3, 3, 1 / 0, -1 / 0, 0 / 0}
    local ways = {{3, 2, 1}, {3, 1, 1}, {2, 1, 0}, {2, 2, 1}, {3, 3, 0}, {5, 2, 2}, {7, 4, 3}}
    for _, how in ipairs(ways) do
      local kernel, stride, padding = table.unpack(how)
      for width = kernel, 75, stride do
        local height, x = 7, {}
        for i = 1, height do
          x[i] = {}
          for j = 1, width do x[i][j] = some[1 + math.floor(draw() * (draw() < 0.5 and 4 or 8))] end
        end
        local input = vs.tensor(x):reshape(1, 1, height, width)
        local leaf = input:clone():requires_grad_()
        local y = leaf:max_pool2d(kernel, {stride = stride, padding = padding})
        y:sum():backward()
        local values, want = {}, {}
        for i = 1, height * width do want[i] = 0 end
        for i = 0, y.shape[3] - 1 do
          for j = 0, y.shape[4] - 1 do
            local top, left = i * stride - padding + 1, j * stride - padding + 1
            local r, c = winner(x, math.max(top, 1), math.min(top + kernel - 1, height),
              math.max(left, 1), math.min(left + kernel - 1, width))
            values[#values + 1] = x[r][c]
            want[(r - 1) * width + c] = want[(r - 1) * width + c] + 1
          end
        end
        numbers.same(vs, y, values, y.shape)
        numbers.same(vs, leaf.grad, want, {1, 1, height, width})
        numbers.same(vs, input:max_pool2d(kernel, {stride = stride, padding = padding}), values,
          y.shape)
      end
    end
  end}

for _, op in ipairs {"max_pool", "avg_pool"} do
  pool(op .. "2d", "a last window cut off", {2, 2, 7, 6},
    {kernel = {2, 3}, stride = 2, padding = {0, 1}, ceil_mode = true})
  pool(op .. "1d", "pairs", {2, 3, 8}, {kernel = 2})
  pool(op .. "1d", "padded, cut off, without a batch", {3, 10},
    {kernel = 3, stride = 2, padding = 1, ceil_mode = true})
  pool("adaptive_" .. op .. "1d", "windows that overlap", {2, 3, 7}, {size = 3})
end
pool("avg_pool2d", "padding not counted", {2, 2, 7, 6},
  {kernel = 3, stride = 2, padding = 1, count_include_pad = false})
pool("adaptive_avg_pool2d", "global", {2, 3, 5, 7})
pool("adaptive_avg_pool2d", "windows that overlap", {2, 2, 5, 7}, {size = {3, 2}})
pool("adaptive_avg_pool2d", "larger than the input", {1, 2, 2, 3}, {size = {3, 4}})
pool("adaptive_avg_pool2d", "whole rows, without a batch", {3, 6, 35}, {size = {2, 1}})

add {op = "adaptive_avg_pool2d", name = "by eye", args = {size = {1, 2}},
  inputs = function(vs) return {vs.tensor{{{{1, 2, 3}, {5, 6, 7}}}}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {3.5, 4.5}, {1, 1, 1, 2}) end}

for name, size in numbers.sorted {global = {1, 1}, ["windows that overlap"] = {3, 2}} do
  add {op = "adaptive_max_pool2d", name = name, args = {size = size},
    inputs = function(vs) return {distinct(vs, {2, 2, 5, 7}, 4)} end}
end

return list
