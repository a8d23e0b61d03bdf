-- Cases whose inputs and values are PyTorch's (spec/golden/ops.py): every one is a case of the
-- registry, and spec/op/golden_spec.lua compares its gradients too.
local golden = require "spec.support.golden"

local inf = math.huge

-- {case of ops.py, arguments by name}; the op's name stands before the first dot.
local rows = {
  {"log1p"}, {"log2"}, {"expm1"}, {"atan2"},
  {"prod.all"}, {"prod.dim", {dim = 2, keepdim = true}}, {"prod.zeros", {dim = {2}}},
  {"var.all", {unbiased = false}}, {"var.dims", {dim = {1, 3}, keepdim = true}},
  {"std.dim", {dim = -1}}, {"std.biased", {dim = {1, 2}, unbiased = false}},
  {"norm.two"}, {"norm.one", {p = 1, dim = 2}},
  {"norm.three", {p = 3, dim = {1, 3}, keepdim = true}}, {"norm.half", {p = 0.5, dim = -1}},
  {"norm.inf", {p = inf, dim = 2}, kink = true}, {"norm.least", {p = -inf, dim = 2}},
  {"cumsum.last", {dim = -1}}, {"cumsum.middle", {dim = 2}}, {"cumsum.wide", {dim = 1}},
  {"cumprod.last", {dim = -1}}, {"cumprod.middle", {dim = 2}}, {"cumprod.zeros", {dim = 2}},
  {"interpolate.corners", {size = {7, 3}, mode = "bilinear", align_corners = true}},
  {"interpolate.one", {size = {1, 5}, mode = "bilinear", align_corners = true}},
  {"sort.last"}, {"sort.middle", {dim = 2, descending = true}}, {"sort.long", kink = true},
  {"scatter.last", {dim = 2}}, {"scatter.first", {dim = 1}},
  {"scatter_add.last", {dim = 2}}, {"scatter_add.first", {dim = 1}},
  {"index_add.rows", {dim = 1}}, {"index_add.scaled", {dim = -1, alpha = -1.5}},
  {"masked_select.same"}, {"masked_select.row"},
  {"pad.two", {pad = {1, 2, 3, 0}, value = 0.5}}, {"pad.cut", {pad = {-1, 2, -2, -1}}},
  {"pad.outer", {pad = {0, 0, 1, 2}}}, {"pad.reflect", {pad = {2, 3, 1, 0}, mode = "reflect"}},
  {"pad.replicate", {pad = {2, 3, 1, 0}, mode = "replicate"}},
  {"flip", {dims = {1, 3}}}, {"flip.middle", {dims = 2}},
  {"roll", {shifts = {2, -1}, dims = {1, 3}}}, {"roll.far", {shifts = -17, dims = 2}},
  {"tile", {times = {2, 3}}}, {"tile.more", {times = {2, 1, 3}}}, {"tile.fewer", {times = 2}},
  {"repeat_interleave", {times = 3, dim = 2}},
  {"tril"}, {"tril.batch", {diagonal = -1}}, {"tril.more", {diagonal = 2}},
  {"triu"}, {"triu.batch", {diagonal = 1}}, {"triu.less", {diagonal = -2}},
}

local values = golden.load "ops"
local list = {}

for i, row in ipairs(rows) do
  local name = row[1]
  list[i] = {op = name:match "^[^.]+", name = "PyTorch's " .. name, args = row[2], golden = name,
    grad = row.kink and {} or nil, -- where differences meet near ties
    inputs = function()
      local inputs = golden.inputs(values, name)
      for k, t in ipairs(inputs) do inputs[k] = t:detach() end
      return inputs
    end,
    forward = function(_, outputs)
      for k, got in ipairs(outputs) do
        golden.near("output " .. k, got, values[("%s/out%d"):format(name, k)])
      end
    end}
end

return list
