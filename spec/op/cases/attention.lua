-- scaled_dot_product_attention against its definition in loops: masks, biases, heads, causal rows,
-- rows that see nothing, more rows than a block.
local numbers = require "spec.support.numbers"

local list = {}

-- The value at (item's leading positions, row, column) of a flat tensor that broadcasts to `full`.
local function reader(x, full)
  if not x then return nil end
  local flat, shape = numbers.flat(x), x.shape
  return function(position)
    local at, step = 0, 1
    for d = #shape, 1, -1 do
      local i = position[d + #full - #shape]
      if shape[d] > 1 then at = at + i * step end
      step = step * shape[d]
    end
    return flat[at + 1]
  end
end

-- One row: the weights of its columns.
local function weights(n, score)
  local most, total, w = -math.huge, 0, {}
  for s = 0, n - 1 do
    w[s] = score(s)
    most = math.max(most, w[s])
  end
  for s = 0, n - 1 do
    w[s] = most == -math.huge and 0 or math.exp(w[s] - most)
    total = total + w[s]
  end
  for s = 0, n - 1 do w[s] = total == 0 and 0 or w[s] / total end
  return w
end

local function by_definition(options)
  return function(vs, outputs, inputs)
    local q, k, v = inputs[1], inputs[2], inputs[3]
    local B, L, S = q.shape[1], q.shape[2], k.shape[2]
    local H = options.num_heads or 1
    local E, V = q.shape[3] // H, v.shape[3] // H
    local full = H > 1 and {B, H, L, S} or {B, L, S}
    local mask, bias = reader(inputs[4], full), reader(inputs[5], full)
    local fq, fk, fv, want = numbers.flat(q), numbers.flat(k), numbers.flat(v), {}
    local scale = options.scale or 1 / math.sqrt(E)
    for b = 0, B - 1 do
      for h = 0, H - 1 do
        for l = 0, L - 1 do
          local w = weights(S, function(s)
            local at = H > 1 and {b, h, l, s} or {b, l, s}
            local seen = not mask or (mask(at) ~= 0 and mask(at) ~= false)
            if not seen or (options.is_causal and s > l) then return -math.huge end
            local dot = 0
            for e = 0, E - 1 do
              local i, j = ((b * L + l) * H + h) * E + e, ((b * S + s) * H + h) * E + e
              dot = dot + fq[i + 1] * fk[j + 1]
            end
            return dot * scale + (bias and bias(at) or 0)
          end)
          for i = 0, V - 1 do
            local y = 0
            for s = 0, S - 1 do y = y + w[s] * fv[((b * S + s) * H + h) * V + i + 1] end
            want[((b * L + l) * H + h) * V + i + 1] = y
          end
        end
      end
    end
    numbers.same(vs, outputs[1], want, {B, L, H * V}, vs.build.real == "float" and 2e-5 or nil)
  end
end

-- sizes: B, L, S, E, V (of all heads)
local function add(name, sizes, options, mask, bias)
  local B, L, S, E, V = table.unpack(sizes)
  list[#list + 1] = {op = "scaled_dot_product_attention", name = name,
    forward = by_definition(options), args = options,
    inputs = function(vs)
      return {numbers.signed(vs, {B, L, E}, 1), numbers.signed(vs, {B, S, E}, 2),
        numbers.signed(vs, {B, S, V}, 3), mask and numbers.mask(vs, mask, 4),
        bias and numbers.signed(vs, bias, 5)}
    end}
end

add("one head", {2, 3, 4, 5, 6}, {})
add("heads side by side", {2, 3, 4, 6, 4}, {num_heads = 2})
add("a mask of keys", {2, 3, 5, 4, 4}, {num_heads = 2}, {2, 1, 1, 5})
add("a mask of everything", {2, 3, 5, 4, 2}, {}, {2, 3, 5})
add("a bias of heads", {2, 3, 4, 6, 6}, {num_heads = 3}, nil, {3, 3, 4})
add("a bias for all, and a mask", {2, 3, 4, 4, 4}, {}, {1, 3, 4}, {4})
add("causal", {1, 5, 5, 4, 4}, {is_causal = true, num_heads = 2})
add("a scale of its own", {1, 2, 3, 4, 4}, {scale = 0.3})
add("more rows than a block", {1, 70, 3, 2, 2}, {}, {70, 3}, {70, 3})

list[#list + 1] = {op = "scaled_dot_product_attention", name = "dropout", seed = 3,
  args = {dropout_p = 0.4, num_heads = 2},
  inputs = function(vs)
    return {numbers.signed(vs, {2, 3, 4}, 1), numbers.signed(vs, {2, 4, 4}, 2),
      numbers.signed(vs, {2, 4, 2}, 3)}
  end}

return list
