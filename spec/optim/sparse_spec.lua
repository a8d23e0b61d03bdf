-- Gradients that know their rows (core/rows.h): the same numbers as dense ones, whatever is done to
-- them before the step, and rows that nobody named stay as they are.
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local nn, optim = vs.nn, vs.optim
local function ids(values) return vs.tensor(values, {dtype = "int64"}) end

-- Two layers over the same table, the first sparse; fn(layer) on both, tables and gradients
-- compared.
local function alike(options, fn)
  local layers = {}
  local table_ = numbers.signed(vs, {9, 4}, 3)
  for i, sparse in ipairs {true, false} do
    layers[i] = nn.Embedding(9, 4, {sparse = sparse, padding_idx = options.padding_idx})
    vs.no_grad(function() layers[i].weight:copy_(table_) end)
    fn(layers[i], layers[i].weight)
  end
  local a, b = layers[1].weight, layers[2].weight
  numbers.same(vs, a.grad, numbers.flat(b.grad), {9, 4}, 1e-6)
  numbers.same(vs, a, numbers.flat(b), {9, 4}, 1e-6)
end

-- A backward whose gradients differ from place to place.
local function backward(layer, list)
  local y = layer(ids(list))
  ;(y * numbers.signed(vs, y.shape, 7)):sum():backward()
end

-- Whether rows without a gradient are left alone: the momentum of an earlier step would move them.
local function moves(p, prepare)
  local opt = optim.SGD({p}, {lr = 0.1, momentum = 0.9})
  vs.embedding(p, ids {1, 2}):sum():backward()
  opt:step()
  local before = numbers.flat(p[1])
  opt:zero_grad()
  prepare(p)
  opt:step()
  return numbers.flat(p[1])[1] ~= before[1]
end

describe("sparse gradients of Embedding", function()
  it("are those of the dense layer", function()
    alike({}, function(layer) backward(layer, {{3, 9, 3}, {1, 1, 1}}) end)
    alike({padding_idx = 3}, function(layer) backward(layer, {3, 9, 3, 1}) end)
    alike({padding_idx = 3}, function(layer) backward(layer, {3, 3}) end)
  end)

  it("add up within a graph and over calls of backward", function()
    alike({}, function(layer)
      local y = layer(ids {2, 5}) * layer(ids {5, 9})
      y:sum():backward()
      backward(layer, {1, 9, 9, 4})
      backward(layer, {})
    end)
  end)

  it("meet dense ones in either order", function()
    alike({}, function(layer, w)
      backward(layer, {2, 5})
      w:square():sum():backward()
      backward(layer, {5, 6})
    end)
    alike({}, function(layer, w)
      (layer(ids {2, 5}):sum() + w:square():sum()):backward()
    end)
  end)

  it("are clipped as dense ones", function()
    alike({}, function(layer, w)
      backward(layer, {2, 5, 5, 7})
      local norm = optim.clip_grad_norm_({w}, 0.5)
      assert.near(w.grad:norm():item(), 0.5, 1e-5)
      assert(norm > 0.5)
      optim.clip_grad_value_({w}, 0.1)
      assert(w.grad:abs():max():item() <= 0.1 + 1e-7)
    end)
  end)

  it("leave rows alone that no id named", function()
    local function leaf() return numbers.signed(vs, {4, 3}, 2):clone():requires_grad_() end
    local function sparse(p) vs.embedding(p, ids {3}, {sparse = true}):sum():backward() end
    assert.is_false(moves(leaf(), sparse))
    assert.is_true(moves(leaf(), function(p) vs.embedding(p, ids {3}):sum():backward() end))
    assert.is_false(moves(leaf(), function(p)
      sparse(p)
      sparse(p)
      optim.clip_grad_norm_({p}, 0.1)
    end))
    -- a dense gradient beside it, or a write of one's own, and every row counts
    assert.is_true(moves(leaf(), function(p)
      sparse(p)
      p:sum():backward()
    end))
    assert.is_true(moves(leaf(), function(p)
      sparse(p)
      p.grad:add_(1)
    end))
  end)
end)
