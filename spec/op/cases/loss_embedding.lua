-- cosine_embedding_loss and triplet_margin_loss: gradients, and values that can be seen by eye.
local numbers = require "spec.support.numbers"

local signed, distinct = numbers.signed, numbers.distinct
local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

for _, reduction in ipairs {"mean", "sum", "none"} do
  add {op = "cosine_embedding_loss", name = reduction, args = {reduction = reduction, margin = 0.1},
    constant = {"y"}, grad = {true, true},
    inputs = function(vs)
      return {signed(vs, {5, 19}, 1), signed(vs, {5, 19}, 2), ids(vs, {1, -1, -1, 1, -1})}
    end}
  for _, swap in ipairs {false, true} do
    add {op = "triplet_margin_loss", name = reduction .. (swap and ", swap" or ""),
      args = {margin = 1.5, swap = swap, reduction = reduction},
      inputs = function(vs)
        return {distinct(vs, {4, 7}, 1), signed(vs, {4, 7}, 2), signed(vs, {4, 7}, 3)}
      end}
  end
end
add {op = "cosine_embedding_loss", name = "by eye", grad = {}, args = {reduction = "none"},
  inputs = function(vs)
    return {vs.tensor {{3, 4}, {3, 4}, {1, 0}}, vs.tensor {{6, 8}, {6, 8}, {-1, 0}},
      ids(vs, {1, -1, -1})}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 1, 0}, {3}, 1e-6) end}

return list
