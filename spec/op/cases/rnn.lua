-- lstm and gru.  Values are compared with PyTorch's in spec/nn; here are gradients, and what holds
-- for any of them.
local numbers = require "spec.support.numbers"

local signed, uniform = numbers.signed, numbers.uniform
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

return list
