-- cross_entropy and nll_loss: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed, uniform, index = numbers.signed, numbers.uniform, numbers.index
local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

for _, reduction in ipairs {"mean", "sum", "none"} do
  add {op = "cross_entropy", name = reduction, args = {reduction = reduction},
    inputs = function(vs) return {signed(vs, {5, 7}, 1), index(vs, {5}, 7, 2)} end}
  add {op = "cross_entropy", name = reduction .. ", all options", constant = {"weight"},
    args = {reduction = reduction, ignore_index = 3, label_smoothing = 0.1}, grad = {true},
    inputs = function(vs)
      return {signed(vs, {5, 19}, 1), ids(vs, {3, 1, 19, 3, 2}), uniform(vs, {19}, 0.5, 2, 3)}
    end}
  add {op = "nll_loss", name = reduction, args = {reduction = reduction, ignore_index = -1},
    constant = {"weight"}, grad = {true},
    inputs = function(vs)
      return {signed(vs, {4, 3}, 1), ids(vs, {3, -1, 1, 3}), uniform(vs, {3}, 0.5, 2, 3)}
    end}
end
add {op = "cross_entropy", name = "every row ignored", args = {ignore_index = 2},
  inputs = function(vs) return {signed(vs, {2, 3}, 1), ids(vs, {2, 2})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0}, {}) end}
add {op = "cross_entropy", name = "large values", grad = {},
  inputs = function(vs) return {vs.tensor {{1000, 0}, {1000, 0}}, ids(vs, {1, 2})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {500}, {}) end}

-- Maps and probabilities: each option, and tiles of 16 rows and fewer.
for _, reduction in ipairs {"mean", "sum", "none"} do
  for name, weight in pairs {["weights"] = true, ["no weights"] = false} do
    add {op = "cross_entropy", name = ("maps, %s, %s"):format(reduction, name),
      args = {reduction = reduction, ignore_index = 2, label_smoothing = 0.1}, grad = {true},
      inputs = function(vs)
        return {signed(vs, {2, 3, 17}, 1), index(vs, {2, 17}, 3, 2),
          weight and uniform(vs, {3}, 0.5, 2, 3) or nil}
      end}
    add {op = "cross_entropy", name = ("probabilities, %s, %s"):format(reduction, name),
      args = {reduction = reduction, label_smoothing = weight and 0.2 or 0}, grad = {true, true},
      inputs = function(vs)
        return {signed(vs, {3, 19}, 1), uniform(vs, {3, 19}, 0, 1, 2),
          weight and uniform(vs, {19}, 0.5, 2, 3) or nil}
      end}
    add {op = "cross_entropy", name = ("maps of probabilities, %s, %s"):format(reduction, name),
      args = {reduction = reduction}, grad = {true, true},
      inputs = function(vs)
        return {signed(vs, {2, 3, 2, 9}, 1), uniform(vs, {2, 3, 2, 9}, 0, 1, 2),
          weight and uniform(vs, {3}, 0.5, 2, 3) or nil}
      end}
  end
  add {op = "nll_loss", name = "maps, " .. reduction, grad = {true},
    args = {reduction = reduction, ignore_index = 2},
    inputs = function(vs)
      return {signed(vs, {2, 3, 2, 2}, 1), index(vs, {2, 2, 2}, 3, 2), uniform(vs, {3}, 0.5, 2, 3)}
    end}
end

-- A map is its rows one behind the other, classes are probabilities of 1 and 0.
local function close(vs, a, b) numbers.same(vs, a, numbers.flat(b), numbers.shape(b)) end
add {op = "cross_entropy", name = "maps as rows", args = {reduction = "none"}, grad = {},
  inputs = function(vs) return {signed(vs, {2, 5, 3, 11}, 1), index(vs, {2, 3, 11}, 5, 2)} end,
  forward = function(vs, outputs, inputs)
    local x, target = inputs[1], inputs[2]
    local rows = x:permute {1, 3, 4, 2}:reshape {-1, 5}
    close(vs, outputs[1], vs.cross_entropy(rows, target:reshape {-1}, nil, "none")
      :reshape {2, 3, 11})
    close(vs, vs.nll_loss(x, target, nil, "none"), vs.nll_loss(rows, target:reshape {-1}, nil,
      "none"):reshape {2, 3, 11})
    local hot = vs.one_hot(target, 5):float():permute {1, 4, 2, 3}
    close(vs, vs.cross_entropy(x, hot, nil, "none", {label_smoothing = 0.1}),
      vs.cross_entropy(x, target, nil, "none", {label_smoothing = 0.1}))
  end}
add {op = "cross_entropy", name = "large values with probabilities", grad = {},
  inputs = function(vs)
    return {vs.tensor {{1000, 0}, {1000, 0}}, vs.tensor {{1, 0}, {0.5, 0.5}}}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {250}, {}) end}

return list
