-- What the layers of linear.c, rnn.c, embedding.c and activation.c promise beside PyTorch's values:
-- padding, initial values, training against evaluation, and messages that name what is wrong.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local nn = vs.nn
local function ids(values) return vs.tensor(values, {dtype = "int64"}) end

local function fails(pattern, fn, ...)
  local ok, message = pcall(fn, ...)
  assert(not ok, "no error")
  assert(tostring(message):find(pattern, 1, true), tostring(message))
end

local function range(t)
  local values = numbers.flat(t)
  return math.min(table.unpack(values)), math.max(table.unpack(values))
end

describe("recurrent layers", function()
  for name, make in pairs {LSTM = nn.LSTM, GRU = nn.GRU} do
    it(name .. " does not see padding", function()
      local rnn = make(3, 5, {num_layers = 2, bidirectional = true})
      local x, lengths = numbers.signed(vs, {2, 4, 3}, 1), ids {4, 2}
      local padded = vs.cat({x, numbers.signed(vs, {2, 3, 3}, 2)}, 2)
      local y, h = rnn(x, lengths)
      local y2, h2 = rnn(padded, lengths)
      assert.are.same(numbers.flat(h), numbers.flat(h2))
      assert.are.same(numbers.flat(y), numbers.flat(y2:slice(2, 1, 4)))
      assert.are.same({0, 0}, {range(y2:slice(2, 5, 7))})
    end)

    it(name .. " treats each row alone", function()
      local rnn = make(3, 5)
      local x, lengths = numbers.signed(vs, {3, 4, 3}, 1), {2, 4, 3}
      local _, h = rnn(x, ids(lengths))
      for b, n in ipairs(lengths) do
        local _, alone = rnn(x:slice(1, b, b):slice(2, 1, n))
        numbers.same(vs, alone, numbers.flat(h[b]), {1, 5}, 1e-5)
      end
    end)

    it(name .. " starts within 1/sqrt(hidden_size)", function()
      local rnn = make(30, 25)
      for _, p in ipairs {rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0} do
        local low, high = range(p)
        assert(low >= -0.2 and low < -0.15 and high <= 0.2 and high > 0.15, low .. " " .. high)
      end
    end)

    it(name .. " goes on from the states that it gave", function()
      local rnn, x = make(3, 5, {num_layers = 2}), numbers.signed(vs, {2, 6, 3}, 1)
      local whole, last = rnn(x)
      local states = {rnn(x:slice(2, 1, 4))}
      local y, there = rnn(x:slice(2, 5, 6), nil, table.unpack(states, 3))
      numbers.same(vs, y, numbers.flat(whole:slice(2, 5, 6)), {2, 2, 5}, 1e-6)
      numbers.same(vs, there, numbers.flat(last), {2, 5}, 1e-6)
    end)

    it(name .. " drops between layers only while training", function()
      local rnn = make(3, 8, {num_layers = 2, dropout = 0.5})
      local x = numbers.signed(vs, {2, 4, 3}, 1)
      local a, b = numbers.flat(rnn(x)), numbers.flat(rnn(x))
      assert.are_not.same(a, b)
      rnn.training = false
      assert.are.same(numbers.flat(rnn(x)), numbers.flat(rnn(x)))
    end)

    it(name .. " names what is wrong", function()
      local rnn = make(3, 5)
      fails("lengths[2] is 5, outside 1..4 (x is [2,4,3])", rnn, vs.zeros(2, 4, 3), ids {4, 5})
      fails("lengths[1] is 0, outside 1..4", rnn, vs.zeros(2, 4, 3), ids {0, 4})
      fails("lengths is [3], expected [2]", rnn, vs.zeros(2, 4, 3), ids {1, 2, 3})
      fails(name .. ": x is [2,4,7], expected [B,T,3]", rnn, vs.zeros(2, 4, 7))
      fails(name .. ": h0 is [2,4,5], expected [1,2,5] (x is [2,4,3])", rnn, vs.zeros(2, 4, 3),
        {h0 = vs.zeros(2, 4, 5)})
      fails("num_layers is 0", make, 3, 5, {num_layers = 0})
      fails("hidden_size 0", make, 3, 0)
      fails("dropout is 2", make, 3, 5, {dropout = 2})
    end)
  end
end)

describe("Embedding", function()
  it("starts with zeros at the padding id, which get no gradient", function()
    local layer = nn.Embedding(4, 3, {padding_idx = 1})
    assert.are.same({0, 0, 0}, layer.weight[1]:tolist())
    layer(ids {1, 1, 2}):sum():backward()
    numbers.same(vs, layer.weight.grad, {0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0}, {4, 3})
  end)

  it("names the id that is not in the table, and its place", function()
    local layer = nn.Embedding(4, 3)
    fails("id 5 at position [2,1] of ids is outside the table of 4 rows", layer,
      ids {{1, 4}, {5, 1}})
    fails("id 0 at position [1] of ids", layer, ids {0})
    fails("ids is a float", layer, vs.ones(2))
    fails("padding_idx is 5, outside 1..4", nn.Embedding, 4, 3, {padding_idx = 5})
  end)
end)

describe("layers without parameters", function()
  it("Dropout gives x itself in evaluation", function()
    local layer, x = nn.Dropout(0.5), vs.ones(3, 100)
    assert.are.same({0, 2}, {range(layer(x))})
    layer.training = false
    assert.are.same({1, 1}, {range(layer(x))})
  end)

  it("Dropout repeats itself with the seed", function()
    local layer, x = nn.Dropout(0.5), vs.ones(50)
    vs.manual_seed(7)
    local a = numbers.flat(layer(x))
    vs.manual_seed(7)
    assert.are.same(a, numbers.flat(layer(x)))
    assert.are_not.same(a, numbers.flat(layer(x)))
  end)

  it("Flatten keeps the batch, or what its arguments say", function()
    assert.are.same({2, 12}, numbers.shape(nn.Flatten()(vs.zeros(2, 3, 4))))
    assert.are.same({6, 4}, numbers.shape(nn.Flatten(1, 2)(vs.zeros(2, 3, 4))))
    fails("start_dim is 0", nn.Flatten, 0)
  end)

  it("Softmax refuses a dimension that is not there", function()
    fails("dim 3 is out of range for [2,2]", nn.Softmax(3), vs.zeros(2, 2))
    fails("dim is 0", nn.Softmax, 0)
  end)
end)

describe("Linear", function()
  it("starts within 1/sqrt(in_features)", function()
    local layer = nn.Linear(25, 40)
    for _, p in ipairs {layer.weight, layer.bias} do
      local low, high = range(p)
      assert(low >= -0.2 and low < -0.15 and high <= 0.2 and high > 0.15, low .. " " .. high)
    end
    fails("in_features 0", nn.Linear, 0, 3)
  end)
end)

describe("losses name what is wrong", function()
  it("a class outside, and its row", function()
    fails("target[2] is 4, outside 1..3 (x is [2,3])", vs.cross_entropy, vs.zeros(2, 3), ids {1, 4})
    fails("target[1] is 0, outside 1..3", vs.nll_loss, vs.zeros(2, 3), ids {0, 1})
  end)

  it("shapes", function()
    fails("target is [3], expected one class for each row of x [2,3]", vs.cross_entropy,
      vs.zeros(2, 3), ids {1, 2, 3})
    fails("weight is [2], expected one value for each class of x [2,3]", vs.cross_entropy,
      vs.zeros(2, 3), ids {1, 2}, {weight = vs.ones(2)})
    fails("target is [2,5], expected one class for each row of x [2,3,4]: [2,4]",
      vs.cross_entropy, vs.zeros(2, 3, 4), vs.ones(2, 5):long())
    fails("target is [2,2], expected the probabilities for each row of x [2,3]: [2,3]",
      vs.cross_entropy, vs.zeros(2, 3), vs.zeros(2, 2))
    fails("ignore_index is for a target of classes", vs.cross_entropy, vs.zeros(2, 3),
      vs.zeros(2, 3), {ignore_index = 1})
    fails("target is a uint8 tensor [2], expected int64 classes or", vs.cross_entropy,
      vs.zeros(2, 3), vs.ones(2):byte())
    fails("x is [], expected [B,C], [B,C,...] or [C]", vs.cross_entropy, vs.tensor(1), ids {1})
    fails("x is [2,3] but target is [3,2]", vs.mse_loss, vs.zeros(2, 3), vs.zeros(3, 2))
    fails("scores is [2,3], expected a square matrix", vs.hinge_ranking, vs.zeros(2, 3))
    fails("y[2] is 0, expected 1 or -1", vs.cosine_embedding_loss, vs.ones(2, 3), vs.ones(2, 3),
      ids {1, 0})
  end)

  it("a weight that asks for a gradient", function()
    fails("weight takes no gradient", vs.cross_entropy, vs.zeros(2, 3):requires_grad_(), ids {1, 2},
      {weight = vs.ones(3):requires_grad_()})
  end)
end)
