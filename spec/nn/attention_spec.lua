-- What is around the attention: padding, rows that see nothing, memory, positions, pooling.
local vs = require "vesper"
local numbers = require "spec.support.numbers"
local run = require "spec.support.process".run

local nn = vs.nn
local REAL = vs.zeros(1).dtype -- the build's: float32 or float64

local function biggest(t) return t:abs():max():item() end

-- The first T positions of y against want, by the largest value of want.
local function same(what, want, y, limit)
  local off = biggest(y:slice(2, 1, want.shape[2]) - want) / biggest(want)
  assert(off <= (limit or 1e-6), ("%s is off by %.3g"):format(what, off))
end

-- x [B,T,D] with n more positions of large numbers, and the mask that hides them.
local function padded(x, n)
  local B, T, D = table.unpack(x.shape)
  local mask = vs.cat({vs.zeros(B, T), vs.ones(B, n)}, 2):bool()
  return vs.cat({x, vs.randn(B, n, D) * 50}, 2), mask
end

describe("padding", function()
  it("changes nothing in attention, at any length", function()
    vs.manual_seed(1)
    local attention, x = nn.MultiheadAttention(24, 4), vs.randn(3, 9, 24)
    local want = attention(x)
    for n = 1, 70, 7 do
      local longer, mask = padded(x, n)
      same("attention", want, attention(longer, {key_padding_mask = mask}))
      same("attention of other queries", want,
        attention(x, longer, {key_padding_mask = mask}))
    end
  end)

  it("changes nothing in transformer encoders", function()
    vs.manual_seed(2)
    for _, norm_first in ipairs {false, true} do
      local layer = nn.TransformerEncoderLayer(16, 2, {dim_feedforward = 32,
        norm_first = norm_first})
      local encoder, x = nn.TransformerEncoder(layer, 3):eval(), vs.randn(2, 5, 16)
      local longer, mask = padded(x, 20)
      same("the encoder", encoder(x), encoder(longer, {key_padding_mask = mask}))
    end
  end)
end)

describe("rows that see nothing", function()
  it("are zeros in the op, with gradients of zeros", function()
    local q, k = vs.randn(2, 3, 4):requires_grad_(), vs.randn(2, 5, 4):requires_grad_()
    local v, bias = vs.randn(2, 5, 4):requires_grad_(), vs.full({3, 5}, -math.huge)
    local mask = vs.ones(2, 3, 5):bool()
    for _, hidden in ipairs {{mask:logical_not(), nil}, {nil, bias}} do
      local y = vs.scaled_dot_product_attention(q, k, v, hidden[1], hidden[2])
      assert.equal(0, biggest(y));
      (y + y * y):sum():backward()
      for _, x in ipairs {q, k, v} do assert.equal(0, biggest(x.grad)) end
    end
  end)

  it("give numbers through a whole encoder", function()
    local layer = nn.TransformerEncoderLayer(8, 2, {dim_feedforward = 8})
    local mask = vs.tensor {{false, false, true}, {true, true, true}}
    local x = vs.randn(2, 3, 8):requires_grad_()
    local y = layer(x, {key_padding_mask = mask});
    (y * y):sum():backward()
    for _, pair in ipairs(layer:named_parameters()) do
      assert(biggest(pair[2].grad) < math.huge, pair[1])
    end
    assert(biggest(y) < math.huge and biggest(x.grad) < math.huge)
    local _, w = nn.MultiheadAttention(8, 2)(x, {key_padding_mask = mask, need_weights = true})
    assert.equal(0, biggest(w[2]))
    assert.is_true(math.abs(w[1]:sum():item() - 3) < 1e-5)
  end)
end)

-- In a process of its own: the peak of this one may be another spec's.
describe("long rows", function()
  it("never hold the scores", function()
    local ok, said = run [[lua5.4 -e '
      local vs = require "vesper"
      local B, H, T, D = 2, 8, 1000, 64
      local attention, x = vs.nn.MultiheadAttention(D, H), vs.randn(B, T, D):requires_grad_()
      local before = vs.memory().live
      attention(x):sum():backward()
      local bytes = x.dtype == "float64" and 8 or 4
      local used, scores = vs.memory().peak - before, B * H * T * T * bytes
      assert(used < scores / 4, used .. " bytes in use, the scores would be " .. scores)
      assert(used > 6 * B * T * D * bytes, "nothing was measured")']]
    assert(ok, said)
  end)
end)

describe("MultiheadAttention", function()
  it("is causal where it is set, its weights too", function()
    local attention, x = nn.MultiheadAttention(8, 2), vs.randn(1, 6, 8)
    local later = vs.ones(6, 6):triu(1):bool()
    local y, w = attention(x, {is_causal = true, need_weights = true})
    same("causal", attention(x, {attn_mask = later}), y)
    assert.equal(0, biggest(w:masked_fill(later:logical_not(), 0)))
  end)

  it("drops weights in training alone", function()
    vs.manual_seed(5)
    local attention, x = nn.MultiheadAttention(8, 2, {dropout = 0.5}), vs.randn(2, 6, 8)
    assert(biggest(attention(x) - attention(x)) > 0)
    attention:eval()
    assert.equal(0, biggest(attention(x) - attention(x)))
  end)

  it("says what is wrong with masks and options", function()
    local attention, x = nn.MultiheadAttention(8, 2), vs.randn(2, 3, 8)
    local function refused(want, options, ...)
      local arguments = {...}
      arguments[#arguments + 1] = options
      local ok, message = pcall(attention, x, table.unpack(arguments))
      assert.is_false(ok)
      assert.matches(want, message, 1, true)
      assert.matches("attention_spec", message, 1, true)
    end
    refused("key_padding_mask is " .. REAL .. " [2,3], expected bool [2,3]",
      {key_padding_mask = vs.zeros(2, 3)})
    refused("key_padding_mask is bool [2,4], expected bool [2,3]",
      {key_padding_mask = vs.zeros(2, 4):bool()})
    refused("attn_mask is " .. REAL .. " [3,4], expected [3,3] or [4,3,3]",
      {attn_mask = vs.zeros(3, 4)})
    refused("attn_mask is " .. REAL .. " [2,3,3], expected [3,3] or [4,3,3]",
      {attn_mask = vs.zeros(2, 3, 3)})
    refused("attn_mask is a number, expected", {attn_mask = 3})
    refused("unknown option 'mask'", {mask = vs.zeros(3, 3)})
    refused("key is " .. REAL .. " [3,8], expected [2,S,8]", {}, vs.zeros(3, 8))
    refused("value is " .. REAL .. " [2,4,8], expected [2,3,8]", {}, vs.zeros(2, 3, 8),
      vs.zeros(2, 4, 8))
    for _, arguments in ipairs {{8, 3}, {0, 1}, {8, 0}, {8.5, 1}, {"8", 1}, {8, 2, {heads = 1}}} do
      assert.has_error(function() nn.MultiheadAttention(table.unpack(arguments)) end)
    end
  end)
end)

describe("TransformerEncoder", function()
  it("has layers of their own first values, named as PyTorch's", function()
    local encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 2)
    local state = encoder:state_dict()
    local a, b = state["layers.0.linear1.weight"], state["layers.1.linear1.weight"]
    assert(biggest(a - b) > 0)
    assert(state["layers.1.self_attn.in_proj_weight"])
  end)

  it("drops in training alone", function()
    local layer, x = nn.TransformerEncoderLayer(8, 2, {dropout = 0.3}), vs.randn(1, 4, 8)
    assert(biggest(layer(x) - layer(x)) > 0)
    layer:eval()
    assert.equal(0, biggest(layer(x) - layer(x)))
  end)

  it("refuses what it does not know", function()
    assert.error_matches(function() nn.TransformerEncoderLayer(8, 2, {activation = "sinus"}) end,
      "activation is 'sinus', expected the name of an op")
    assert.error_matches(function() nn.TransformerEncoder(nn.Linear(2, 2), 2) end, "expected a")
    assert.error_matches(function()
      nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 0)
    end, "num_layers is 0")
  end)
end)

describe("positions", function()
  it("are the sinusoids of Vaswani et al.", function()
    local n, d, want = 7, 10, {}
    for p = 0, n - 1 do
      for i = 0, d - 1 do
        local angle = p / 10000 ^ (2 * (i // 2) / d)
        want[#want + 1] = i % 2 == 0 and math.sin(angle) or math.cos(angle)
      end
    end
    numbers.same(vs, nn.positional_encoding(n, d), want, {n, d}, 1e-6)
  end)

  it("of a grid have the row in the first half, the column in the second", function()
    local rows, columns, d = 3, 4, 8
    local pe = nn.positional_encoding2d(rows, columns, d)
    assert.same({rows * columns, d}, pe.shape)
    local row = nn.positional_encoding(rows, d // 2)
    local column = nn.positional_encoding(columns, d // 2)
    for r = 1, rows do
      for c = 1, columns do
        local cell = pe[(r - 1) * columns + c]
        assert.same(row[r]:tolist(), cell:slice(1, 1, d // 2):tolist())
        assert.same(column[c]:tolist(), cell:slice(1, d // 2 + 1):tolist())
      end
    end
  end)

  it("need widths that divide, and places", function()
    assert.error_matches(function() nn.positional_encoding(3, 5) end, "d is 5")
    assert.error_matches(function() nn.positional_encoding(0, 4) end, "n is 0")
    assert.error_matches(function() nn.positional_encoding(2.5, 4) end, "n is 2.5")
    assert.error_matches(function() nn.positional_encoding2d(2, 2, 6) end, "d is 6")
    assert.error_matches(function() nn.positional_encoding2d(2, "x", 8) end, "width is 'x'")
  end)
end)

describe("GPO", function()
  -- Every row on its own: values sorted by a table, weights from the module's GRU and linear map.
  local function by_hand(gpo, x, n)
    local D, sum = x.shape[2], {}
    if n == 0 then
      for d = 1, D do sum[d] = 0 end
      return sum
    end
    local states = gpo.gru(nn.positional_encoding(n, gpo.d_pe):unsqueeze(1))
    local w, total, weight = states.shape[3] // 2, 0, {}
    local row, out = states[1]:tolist(), gpo.linear.weight[1]:tolist()
    for k = 1, n do
      local score = 0
      for i = 1, w do score = score + out[i] * (row[k][i] + row[k][w + i]) / 2 end
      weight[k] = math.exp(score / 0.1)
      total = total + weight[k]
    end
    for d = 1, D do
      local column = {}
      for k = 1, n do column[k] = x[k][d]:item() end
      table.sort(column, function(a, b) return a > b end)
      sum[d] = 0
      for k = 1, n do sum[d] = sum[d] + column[k] * weight[k] / total end
    end
    return sum
  end

  it("sums the sorted values of each channel with weights of their ranks", function()
    vs.manual_seed(7)
    local gpo, x, lengths = nn.GPO(8, 6), vs.randn(3, 5, 4), {5, 2, 0}
    local y, w = gpo(x, vs.tensor(lengths, {dtype = "int64"}))
    local want = {}
    for b, n in ipairs(lengths) do
      for _, value in ipairs(by_hand(gpo, x[b], n)) do want[#want + 1] = value end
    end
    numbers.same(vs, y, want, {3, 4}, 1e-5)
    assert.same({3, 5}, w.shape)
    for b, total in ipairs(w:sum(2):tolist()) do
      assert(math.abs(total - (lengths[b] > 0 and 1 or 0)) < 1e-5)
    end
    local whole = gpo(x)
    assert(biggest(whole[1] - y[1]) < 1e-5)
  end)

  it("gives zeros where there is nothing at all", function()
    local y, w = nn.GPO(4, 4)(vs.zeros(2, 0, 3))
    assert.same({{0, 0, 0}, {0, 0, 0}}, y:tolist())
    assert.same({2, 0}, w.shape)
    assert.equal(0, biggest(nn.MultiheadAttention(4, 2)(vs.randn(1, 3, 4), vs.zeros(1, 0, 4))))
  end)

  it("does not see padding, nor gives it a gradient", function()
    vs.manual_seed(8)
    local gpo, x = nn.GPO(), vs.randn(3, 6, 5)
    local lengths = vs.tensor({6, 3, 0}, {dtype = "int64"})
    local want = gpo(x, lengths)
    local longer = (padded(x, 30)):requires_grad_()
    local y = gpo(longer, lengths)
    assert(biggest(y - want) / biggest(want) <= 1e-6);
    (y * y):sum():backward()
    assert.equal(0, biggest(longer.grad:slice(2, 7)))
    assert.equal(0, biggest(longer.grad[3]))
    assert(biggest(longer.grad[2]) > 0)
    for _, pair in ipairs(gpo:named_parameters()) do
      local grad = biggest(pair[2].grad)
      assert(grad < math.huge and grad == grad, pair[1])
    end
  end)
end)
