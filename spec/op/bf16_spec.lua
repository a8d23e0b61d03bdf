-- bfloat16 inside a graph: every case of spec/op/cases with inputs that bfloat16 holds exactly,
-- given in full and given as bfloat16, has the same outputs and gradients; where an op hands on
-- bfloat16, its outputs are those rounded.  And vs.autocast.
local vs = require "vesper"
local cases = require "spec.support.cases"
local fails = require "spec.support.fails"
local gradcheck = require "spec.support.gradcheck"
local memory = require "spec.support.memory"
local numbers = require "spec.support.numbers"

local nn = vs.nn
local DOUBLE = vs.build.real == "double"
local EXACT = DOUBLE and 1e-12 or 2e-6

local function is_real(t) return gradcheck.is_tensor(t) and gradcheck.is_real(t) end

local function short(t) return t:to "bfloat16" end
local function full(t) return t:to "bfloat16":float() end

-- A copy of the inputs, real ones through `make`, with leaves in front of those that are derived.
local function prepared(op, case, make)
  local inputs, leaves, args, n = cases.inputs(vs, case), {}, cases.tensor_args(op), 0
  local function one(t, i)
    if not is_real(t) or (args[i] and args[i].kind == "buffer") or (op.inplace and i == 1) then
      return t
    end
    local leaf = t:detach():clone()
    if cases.wants(case, inputs, i) and not op.nograd and not op.inplace then
      leaves[#leaves + 1] = leaf:requires_grad_()
    end
    return make(leaf)
  end
  local list = {}
  for i, v in pairs(inputs) do
    if gradcheck.is_tensor(v) then list[i] = one(v, i)
    elseif type(v) == "table" then
      list[i] = {}
      for j, t in ipairs(v) do list[i][j] = gradcheck.is_tensor(t) and one(t, i) or t end
    else list[i] = v end
    n = math.max(n, i)
  end
  return list, leaves, n
end

local function run(op, case, make)
  local inputs, leaves, n = prepared(op, case, make)
  if case.seed then vs.manual_seed(case.seed) end
  local outputs = {cases.caller(vs, op, case)(table.unpack(inputs, 1, n))}
  if #leaves > 0 then gradcheck.weigh(vs, outputs):backward() end
  local found = {}
  for i, out in ipairs(outputs) do found["output " .. i] = gradcheck.is_tensor(out) and out end
  for i, leaf in ipairs(leaves) do found["gradient " .. i] = leaf.grad end
  return found
end

describe("bfloat16 given to", function()
  local ops = {}
  for _, op in ipairs(vs.ops()) do ops[op.name] = op end
  for _, case in ipairs(cases.all()) do
    local op = ops[case.op]
    it(case.op .. ", " .. case.name, function()
      local want, got = run(op, case, full), run(op, case, short)
      local rounded = false
      for _, t in pairs(got) do rounded = rounded or (t and t.dtype == "bfloat16") end
      for key, t in pairs(want) do
        if t then
          assert(got[key], key .. " is missing")
          local limit = not is_real(t) and 0 or rounded and 2 ^ -8 or EXACT
          local message = numbers.difference(got[key], t, limit, 1e-3, "in full")
          assert(not message, key .. ": " .. tostring(message))
        end
      end
    end)
  end
end)

describe("bfloat16", function()
  local REAL = vs.zeros(1).dtype
  local x = short(vs.tensor {{1, -2, 3}, {0.5, 4, -1}})

  it("beside bfloat16 or a number stays that, beside the compute type becomes it", function()
    local y = short(vs.tensor {2, 3, -4})
    for name, want in pairs {add = {3, 1, -1, 2.5, 7, -5}, sub = {-1, -5, 7, -1.5, 1, 3},
      mul = {2, -6, -12, 1, 12, 4}, maximum = {2, 3, 3, 2, 4, -1},
      minimum = {1, -2, -4, 0.5, 3, -4}} do
      local z = vs[name](x, y)
      assert.are.same({"bfloat16", want}, {z.dtype, numbers.flat(z)}, name)
      z = vs[name](x, y:to(REAL))
      assert.are.same({REAL, want}, {z.dtype, numbers.flat(z)}, name)
    end
    assert.are.same({"bfloat16", {2, -1, 4, 1.5, 5, 0}}, {(x + 1).dtype, numbers.flat(x + 1)})
    assert.are.same({0.5, -1, 1.5, 0.25, 2, -0.5}, numbers.flat(x / 2))
    assert.are.same({2, 1.5, -1, 5, 4, 0}, numbers.flat(x:t() + 1))
  end)

  it("is joined with the compute type as that", function()
    local z = vs.cat({x, vs.zeros(1, 3)}, 1)
    assert.are.same({REAL, {1, -2, 3, 0.5, 4, -1, 0, 0, 0}}, {z.dtype, numbers.flat(z)})
    assert.equal("bfloat16", vs.stack({x, x}, 1).dtype)
    assert.equal(REAL, vs.stack({x:to(REAL), x}, 1).dtype)
  end)

  it("is summed as numbers", function()
    assert.equal(5.5, x:sum():item())
    assert.equal(REAL, x:sum().dtype)
  end)

  it("is refused where an op writes", function()
    fails("running_mean is a bfloat16 tensor [3], expected float32", vs.batch_norm, x:to(REAL),
      nil, nil, short(vs.zeros(3)), short(vs.ones(3)))
  end)

  it("passes a gradient on as the compute type", function()
    local leaf = vs.tensor {1, 2}:requires_grad_()
    local y, seen = leaf:to "bfloat16", nil
    y:register_hook(function(g) seen = g.dtype end)
    ;(y * vs.tensor {3, 5}):sum():backward()
    assert.equal(REAL, seen)
    assert.are.same({3, 5}, numbers.flat(leaf.grad))
  end)
end)

describe("autocast", function()
  local function shapes_of(out)
    local list = {}
    for i, t in ipairs(out) do list[i] = t.dtype end
    return table.concat(list, " ")
  end

  local in_double, it = DOUBLE and it or pending, DOUBLE and pending or it

  in_double("changes nothing in the double build", function()
    local a, b = vs.randn(40, 50), vs.randn(50, 60)
    assert(vs.autocast(a.matmul, a, b):eq(a:matmul(b)):all())
  end)

  it("has products put out bfloat16, and the ops between them", function()
    local x, image = vs.randn(4, 40), vs.randn(2, 3, 8, 8)
    local layers = {nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(40, 24)}
    local out = vs.autocast(function()
      local y = layers[1](image)
      local z, q = layers[3](x), vs.randn(2, 5, 8)
      return {y, layers[2](y), y:relu(), y:max_pool2d(2), y:conv_transpose2d(vs.randn(8, 2, 2, 2)),
        z, z:gelu(), z:dropout(0.5), z + z, z:matmul(vs.randn(24, 3)),
        vs.scaled_dot_product_attention(q, q, q)}
    end)
    assert.equal(("bfloat16 "):rep(11):sub(1, -2), shapes_of(out))
  end)

  it("makes float32 of losses, statistics and what is not a product", function()
    local z = vs.autocast(vs.linear, vs.randn(4, 40), vs.randn(24, 40))
    local list = {nn.LayerNorm(24)(z), z:softmax(2), z:sum(), z:sigmoid(), z + vs.randn(4, 24),
      z:cross_entropy(vs.ones(4):long()), z:normalize()}
    assert.equal(("float32 "):rep(7):sub(1, -2), shapes_of(list))
  end)

  -- With sums that wait for several blocks of k, in several strips of rows.
  it("rounds the very products of medium", function()
    for _, size in ipairs {{1, 1, 1}, {3, 50, 2}, {65, 129, 1101}, {5, 1000, 600},
      {2000, 40, 1100}} do
      local m, n, k = table.unpack(size)
      local a, w, bias = vs.randn(m, k), vs.randn(n, k), vs.randn(n)
      for _, kernel in ipairs {{}, {true}, {false, true}} do
        vs._force_products(table.unpack(kernel))
        vs.set_matmul_precision "medium"
        local want = vs.linear(a, w, bias)
        vs.set_matmul_precision "highest"
        local got = vs.autocast(vs.linear, a, w, bias)
        local near = (got:float() - want):abs():max():item()
        vs._force_products()
        assert.equal("bfloat16", got.dtype)
        assert(near <= 2 ^ -8 * want:abs():max():item(), near)
        if m * n * k > 1 << 18 then assert(got:eq(want:to "bfloat16"):all(), "not the same") end
      end
    end
  end)

  it("takes bfloat16 from either side, stored either way", function()
    for _, size in ipairs {{70, 80, 90}, {33, 31, 601}} do
      local m, n, k = table.unpack(size)
      local a, b = vs.randn(m, k):to "bfloat16", vs.randn(k, n):to "bfloat16"
      vs.set_matmul_precision "medium"
      local want = a:float():matmul(b:float())
      for _, left in ipairs {a, a:t():contiguous():t()} do
        for _, right in ipairs {b, b:t():contiguous():t(), b:float()} do
          local got = left:matmul(right)
          assert.equal("float32", got.dtype)
          assert(got:eq(want):all(), "other bits")
        end
      end
      vs.set_matmul_precision "highest"
      local whole, near = a:float():matmul(b:float()), a:matmul(b)
      assert((whole - near):abs():max():item() < 1e-4)
    end
  end)

  local function mlp()
    local list = {}
    for i = 1, 6 do list[2 * i - 1], list[2 * i] = nn.Linear(64, 64), nn.GELU() end
    return nn.Sequential(list)
  end

  it("has the graph keep half the bytes", function()
    local model, x = mlp(), vs.randn(16384, 64)
    local function held(cast)
      vs.empty_cache() -- a request may get a larger block that is there
      local before = vs.memory().live
      local y = cast(function() return model(x) end)
      collectgarbage()
      local bytes = vs.memory().live - before
      y:sum():backward()
      return bytes
    end
    local most, brief = held(function(fn) return fn() end), held(vs.autocast)
    assert(brief < 0.55 * most, brief .. " of " .. most)
  end)

  it("learns as float32 does", function()
    local function train(cast)
      vs.manual_seed(4)
      local model, x = nn.Sequential {nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 4)},
        vs.randn(256, 32)
      local label = x:slice(2, 1, 4):argmax(2)
      local optimizer, loss = vs.optim.Adam(model:parameters(), {lr = 0.01}), nil
      for _ = 1, 60 do
        loss = cast(function() return nn.functional.cross_entropy(model(x), label) end)
        optimizer:zero_grad()
        loss:backward()
        optimizer:step()
      end
      for _, p in ipairs(model:parameters()) do
        assert.are.same({"float32", "float32"}, {p.dtype, p.grad.dtype})
      end
      return loss:item()
    end
    local whole, brief = train(function(fn) return fn() end), train(vs.autocast)
    assert(whole < 0.1 and math.abs(whole - brief) < 0.02,
      ("%g, in full %g"):format(brief, whole))
  end)

  it("survives a refused allocation at every place", function()
    local model, image = nn.Sequential {nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(),
      nn.Flatten(), nn.Linear(8 * 36, 600)}, vs.randn(4, 3, 8, 8)
    model:eval()
    local function once()
      local y = vs.autocast(function() return model(image):relu() + 1 end)
      model:zero_grad()
      y:square():sum():backward()
      local got = {y:detach()}
      for _, p in ipairs(model:parameters()) do got[#got + 1] = p.grad end
      model:zero_grad()
      return got
    end
    memory.refused(150, once(), once)
  end)
end)
