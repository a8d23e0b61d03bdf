-- Recurrent layers, embedding, dropout, softmax and its kin, losses.  Values are compared with
-- PyTorch's in spec/nn/rnn_golden_spec.lua; here are gradients, and values that can be told by eye.
local numbers = require "spec.support.numbers"

local signed, uniform, index = numbers.signed, numbers.uniform, numbers.index
local list = {}
local function add(case) list[#list + 1] = case end
local function ids(vs, values) return vs.tensor(values, {dtype = "int64"}) end

-- gates: blocks of rows in the weights.  Some sizes fill vectors, others leave a rest.
local function recurrent(op, gates)
  local function weights(vs, input, hidden)
    return uniform(vs, {gates * hidden, input}, -0.6, 0.6, 2),
      uniform(vs, {gates * hidden, hidden}, -0.6, 0.6, 3)
  end
  add {op = op, name = "every step",
    inputs = function(vs)
      local w_ih, w_hh = weights(vs, 4, 5)
      return {signed(vs, {2, 3, 4}, 1), w_ih, w_hh, signed(vs, {gates * 5}, 4),
        signed(vs, {gates * 5}, 5)}
    end}
  add {op = op, name = "lengths",
    inputs = function(vs)
      local w_ih, w_hh = weights(vs, 3, 2)
      return {signed(vs, {5, 4, 3}, 1), w_ih, w_hh, signed(vs, {gates * 2}, 4),
        signed(vs, {gates * 2}, 5), ids(vs, {2, 4, 1, 4, 3})}
    end,
    forward = function(_, outputs)
      for b, n in ipairs {2, 4, 1, 4, 3} do
        for t = 1, 4 do
          local row = outputs[1][b][t]:tolist()
          for j, v in ipairs(row) do
            assert((v ~= 0) == (t <= n), "row " .. b .. " step " .. t)
            if t == n then assert(v == outputs[2][b]:tolist()[j], "last state of row " .. b) end
          end
        end
      end
    end}
  add {op = op, name = "backwards, without biases", args = {reverse = true},
    inputs = function(vs)
      local w_ih, w_hh = weights(vs, 3, 17)
      return {signed(vs, {3, 3, 3}, 1), w_ih, w_hh, nil, nil, ids(vs, {3, 1, 2})}
    end}
  add {op = op, name = "one step of one row",
    inputs = function(vs)
      local w_ih, w_hh = weights(vs, 1, 1)
      return {signed(vs, {1, 1, 1}, 1), w_ih, w_hh, signed(vs, {gates}, 4)}
    end}
  for name, lengths in pairs {["from a state"] = false, ["from a state, lengths"] = {2, 3, 1}} do
    add {op = op, name = name, args = {reverse = not lengths},
      inputs = function(vs)
        local w_ih, w_hh = weights(vs, 4, 5)
        return {signed(vs, {3, 3, 4}, 1), w_ih, w_hh, signed(vs, {gates * 5}, 4),
          signed(vs, {gates * 5}, 5), lengths and ids(vs, lengths) or nil, signed(vs, {3, 5}, 6),
          gates == 4 and signed(vs, {3, 5}, 7) or nil}
      end}
  end
  add {op = op, name = "no steps give the state back",
    inputs = function(vs)
      local w_ih, w_hh = weights(vs, 4, 5)
      return {vs.zeros(3, 0, 4), w_ih, w_hh, nil, nil, nil, signed(vs, {3, 5}, 6)}
    end,
    forward = function(vs, outputs, inputs)
      numbers.same(vs, outputs[2], numbers.flat(inputs[7]), {3, 5})
    end}
end
recurrent("lstm", 4)
add {op = "lstm", name = "from a cell alone",
  inputs = function(vs)
    return {signed(vs, {3, 2, 4}, 1), uniform(vs, {8, 4}, -0.6, 0.6, 2),
      uniform(vs, {8, 2}, -0.6, 0.6, 3), nil, nil, ids(vs, {1, 2, 2}), nil, signed(vs, {3, 2}, 7)}
  end}
recurrent("gru", 3)

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

add {op = "dropout", args = {p = 0.4}, seed = 3,
  inputs = function(vs) return {signed(vs, {7, 11}, 1)} end,
  forward = function(_, outputs, inputs)
    local x, y, dropped = numbers.flat(inputs[1]), numbers.flat(outputs[1]), 0
    for i, v in ipairs(y) do
      if v == 0 then dropped = dropped + 1
      else assert(math.abs(v - x[i] / 0.6) < 1e-6 * math.abs(v), "element " .. i) end
    end
    assert(dropped > 15 and dropped < 50, dropped .. " of 77 dropped")
  end}
add {op = "dropout", name = "more than one chunk", args = {p = 0.9}, seed = 4,
  inputs = function(vs) return {uniform(vs, {3, 700}, 1, 2, 1)} end, grad = {},
  forward = function(_, outputs)
    local kept = 0
    for _, v in ipairs(numbers.flat(outputs[1])) do kept = kept + (v == 0 and 0 or 1) end
    assert(kept > 140 and kept < 280, kept .. " of 2100 kept")
  end}
add {op = "dropout", name = "not training", args = {p = 0.4, training = false},
  inputs = function(vs) return {signed(vs, {3, 5}, 1)} end,
  forward = function(vs, outputs, inputs) numbers.same(vs, outputs[1], numbers.flat(inputs[1])) end}
add {op = "dropout", name = "everything", args = {p = 1}, seed = 5,
  inputs = function(vs) return {signed(vs, {2, 3}, 1)} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 0, 0, 0, 0, 0}) end}

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
  for _, op in ipairs {"mse_loss", "l1_loss", "smooth_l1_loss"} do
    add {op = op, name = reduction, args = {reduction = reduction},
      inputs = function(vs) return {uniform(vs, {3, 7}, 0, 1, 1), uniform(vs, {3, 7}, 2, 3, 2)} end}
  end
  add {op = "binary_cross_entropy_with_logits", name = reduction, args = {reduction = reduction},
    inputs = function(vs) return {signed(vs, {3, 7}, 1), uniform(vs, {3, 7}, 0, 1, 2)} end}
  add {op = "cosine_embedding_loss", name = reduction, args = {reduction = reduction, margin = 0.1},
    constant = {"y"}, grad = {true, true},
    inputs = function(vs)
      return {signed(vs, {5, 19}, 1), signed(vs, {5, 19}, 2), ids(vs, {1, -1, -1, 1, -1})}
    end}
end
add {op = "cross_entropy", name = "every row ignored", args = {ignore_index = 2},
  inputs = function(vs) return {signed(vs, {2, 3}, 1), ids(vs, {2, 2})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0}, {}) end}
add {op = "cross_entropy", name = "large values", grad = {},
  inputs = function(vs) return {vs.tensor {{1000, 0}, {1000, 0}}, ids(vs, {1, 2})} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {500}, {}) end}
add {op = "smooth_l1_loss", name = "inside beta", args = {beta = 2},
  inputs = function(vs) return {uniform(vs, {3, 5}, 0, 1, 1), uniform(vs, {3, 5}, 0, 1, 2)} end}
add {op = "binary_cross_entropy_with_logits", name = "weights", constant = {"weight", "pos_weight"},
  grad = {true, true},
  inputs = function(vs)
    return {signed(vs, {3, 7}, 1), uniform(vs, {3, 7}, 0, 1, 2), uniform(vs, {3, 1}, 0.5, 2, 3),
      uniform(vs, {7}, 0.5, 3, 4)}
  end}
add {op = "binary_cross_entropy_with_logits", name = "large values", grad = {},
  args = {reduction = "none"},
  inputs = function(vs) return {vs.tensor {100, -100, 100, -100}, vs.tensor {1, 1, 0, 0}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 100, 100, 0}, {4}) end}
add {op = "cosine_embedding_loss", name = "by eye", grad = {}, args = {reduction = "none"},
  inputs = function(vs)
    return {vs.tensor {{3, 4}, {3, 4}, {1, 0}}, vs.tensor {{6, 8}, {6, 8}, {-1, 0}},
      ids(vs, {1, -1, -1})}
  end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0, 1, 0}, {3}, 1e-6) end}

for _, negatives in ipairs {"sum", "hardest"} do
  for _, reduction in ipairs {"mean", "sum"} do
    add {op = "hinge_ranking", name = negatives .. ", " .. reduction,
      args = {margin = 0.3, negatives = negatives, reduction = reduction},
      inputs = function(vs) return {uniform(vs, {5, 5}, -0.5, 0.5, 1)} end}
  end
  add {op = "hinge_ranking", name = negatives .. ", same labels", args = {negatives = negatives},
    inputs = function(vs)
      return {uniform(vs, {7, 7}, -0.3, 0.3, 2), numbers.mask(vs, {7, 7}, 3)}
    end}
end
-- margin 0.2; rows violate by 0.1 (1,2) and 0.5 (2,1); columns by 0.4 (2,1) and 0.2 (1,2).
add {op = "hinge_ranking", name = "by eye", grad = {},
  inputs = function(vs) return {vs.tensor {{0.5, 0.4}, {0.7, 0.4}}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {1.2 / 2}, {}, 1e-6) end}
add {op = "hinge_ranking", name = "no violation", args = {negatives = "hardest"},
  inputs = function(vs) return {vs.tensor {{2, 0, -1}, {0, 2, 1}, {-1, 1, 2}}} end,
  forward = function(vs, outputs) numbers.same(vs, outputs[1], {0}, {}) end}

return list
