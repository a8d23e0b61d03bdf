-- embedding: rows, and gradients that are dense, sparse, or none.
local numbers = require "spec.support.numbers"

local signed = numbers.signed
local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

add {op = "embedding",
  inputs = function(vs) return {signed(vs, {5, 3}, 1), ids(vs, {{5, 1, 5}, {2, 2, 2}})} end,
  forward = function(vs, outputs, inputs)
    local rows, want = numbers.flat(inputs[1]), {}
    for _, id in ipairs {5, 1, 5, 2, 2, 2} do
      table.move(rows, id * 3 - 2, id * 3, #want + 1, want)
    end
    numbers.same(vs, outputs[1], want, {2, 3, 3})
  end}
add {op = "embedding", name = "sparse", args = {sparse = true},
  inputs = function(vs) return {signed(vs, {70, 33}, 1), ids(vs, {{2, 70}, {2, 69}})} end}
-- The padding row has no gradient by definition, so differences see none only where it is not used.
add {op = "embedding", name = "padding not used", args = {padding_idx = 1},
  inputs = function(vs) return {signed(vs, {70, 33}, 1), ids(vs, {2, 70, 2, 69})} end}
add {op = "embedding", name = "the padding row gets no gradient", args = {padding_idx = 2},
  grad = {},
  inputs = function(vs) return {signed(vs, {3, 2}, 1), ids(vs, {1, 2, 2, 3, 3})} end,
  forward = function(vs, _, inputs)
    local w = inputs[1]:detach():clone():requires_grad_()
    vs.embedding(w, inputs[2], {padding_idx = 2}):sum():backward()
    numbers.same(vs, w.grad, {1, 1, 0, 0, 2, 2}, {3, 2})
  end}

return list
