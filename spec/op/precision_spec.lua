-- Products and vs.set_matmul_precision: of whole operands beside OpenBLAS, of operands rounded to
-- bfloat16 against sums in double of values rounded here; the instruction for it where the
-- processor has one, and the plain kernel; gradients; the same bits for any number of threads.
local vs = require "vesper"
local memory = require "spec.support.memory"
local numbers = require "spec.support.numbers"

local nn = vs.nn
local DOUBLE = vs.build.real == "double"
local SUMS = 2 ^ -19 -- of sum |a||b|: what float32 sums of a thousand products may be off
local MEDIUM = 2 ^ -7 + SUMS -- a value is off by at most 2^-8
local INF, NAN, MOST = math.huge, 0 / 0, (2 - 2 ^ -23) * 2 ^ 127

-- Of float32 numbers, as kernel/gemm.h says it.
local function rounded(x)
  local bits = string.unpack("<I4", string.pack("<f", x))
  if x ~= x then return x end
  if bits & 0x7f800000 == 0 then return 0 end
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000
  return (string.unpack("<f", string.pack("<I4", bits)))
end

local function map(rows, fn)
  local out = {}
  for i, row in ipairs(rows) do
    out[i] = {}
    for j, v in ipairs(row) do out[i][j] = fn(v) end
  end
  return out
end

-- c[i][j] = sum_k a[i][k] b[k][j] and the sum of magnitudes, from nested lists; rounded first where
-- that is asked for.
local function product(a, b, round)
  local c, size = {}, {}
  if round then a, b = map(a, rounded), map(b, rounded) end
  for i = 1, #a do
    c[i], size[i] = {}, {}
    for j = 1, #b[1] do
      local sum, most = 0, 0
      for k = 1, #b do
        local p = a[i][k] * b[k][j]
        sum, most = sum + p, most + math.abs(p)
      end
      if math.abs(sum) > MOST then sum = sum * INF end
      c[i][j], size[i][j] = sum, most
    end
  end
  return c, size
end

-- Off by at most limit * size; sums below 2^-120 may be zero.
local function close(got, want, size, limit, what)
  got = got:tolist()
  for i = 1, #want do
    for j = 1, #want[1] do
      local g, w = got[i][j], want[i][j]
      local fine = g == w or (g ~= g and w ~= w)
      fine = fine or math.abs(g - w) <= limit * size[i][j] + 2 ^ -120
      if not fine then error(("%s: [%d,%d] is %.9g, not %.9g"):format(what, i, j, g, w), 0) end
    end
  end
end

-- Calls fn with that precision and those kernels ("own": the processor's, "plain", or "tiles": what
-- AMX would do, by AVX-512 BF16), for any size of product.
local function with(precision, kernel, fn, ...)
  vs.set_matmul_precision(precision)
  vs._force_products(kernel == "plain", true, kernel == "tiles")
  local result = table.pack(pcall(fn, ...))
  vs._force_products()
  vs.set_matmul_precision "highest"
  if not result[1] then error(result[2], 0) end
  return table.unpack(result, 2, result.n)
end

local function uniform(rows, columns, seed)
  return numbers.uniform(vs, {rows, columns}, -1, 1, seed)
end

-- The same values, stored the other way round.
local function turned(x) return x:transpose():contiguous():transpose() end

describe("matmul precision", function()
  after_each(function()
    vs.set_matmul_precision "highest"
    vs._force_products()
  end)

  -- tiles and blocks and what is left over of them; the last have k and n in several blocks
  local sizes = {{1, 1, 1}, {1, 17, 3}, {3, 1, 65}, {4, 32, 2}, {17, 33, 64}, {65, 129, 17},
    {129, 65, 129}, {98, 12, 384}, {2, 500, 5}, {9, 31, 1101}, {7, 1300, 3}}

  it("multiplies whole values of all sizes, from either side of the operands", function()
    for s, size in ipairs(sizes) do
      local m, n, k = table.unpack(size)
      local x, y, bias = uniform(m, k, s), uniform(k, n, s + 50), uniform(1, n, s + 70)[1]
      local exact, whole = product(x:tolist(), y:tolist())
      local limit, name = DOUBLE and 2 ^ -48 or SUMS, ("%d x %d x %d"):format(m, n, k)
      for _, left in ipairs {x, turned(x)} do
        for _, right in ipairs {y, turned(y)} do
          close(with("highest", "own", left.matmul, left, right), exact, whole, limit, name)
        end
      end
      local with_bias = with("highest", "own", vs.linear, x, y:transpose(), bias)
      close(with_bias - bias, exact, map(whole, function(v) return v + 1 end), limit, name)
    end
  end)

  local in_double, it = DOUBLE and it or pending, DOUBLE and pending or it

  in_double("changes nothing in the double build", function()
    assert.equal(false, vs.build.bf16)
    local x, y = uniform(100, 100, 1), uniform(100, 100, 2)
    local z = with("highest", "own", x.matmul, x, y)
    for _, name in ipairs {"high", "medium"} do
      assert(with(name, "own", x.matmul, x, y):eq(z):all())
    end
  end)

  it("leaves float32 alone where packing does not pay", function()
    local x, y = uniform(200, 200, 1), uniform(200, 200, 2)
    local function first(n) return x:slice(1, 1, n):matmul(y:slice(2, 1, 8)) end
    local all, few = x:matmul(y), first(8)
    vs.set_matmul_precision "high"
    assert(x:matmul(y):eq(all):all(), "high is not float32")
    vs.set_matmul_precision "medium"
    assert(first(8):eq(few):all())
    assert(not x:matmul(y):eq(all):all())
  end)

  local kernels = {own = "by this processor's kernel", plain = "by plain loops", tiles = "by tiles"}
  for kernel, kind in numbers.sorted(kernels) do
    describe(kind, function()
      local test = (kernel ~= "tiles" or vs.build.bf16) and it or pending
      test("multiplies all sizes, from either side of the operands", function()
        for s, size in ipairs(sizes) do
          local m, n, k = table.unpack(size)
          local x, y = uniform(m, k, s), uniform(k, n, s + 50)
          local a, b = x:tolist(), y:tolist()
          local exact, whole = product(a, b)
          local near, parts = product(a, b, true)
          for _, left in ipairs {x, turned(x)} do
            for _, right in ipairs {y, turned(y)} do
              local name = ("%d x %d x %d"):format(m, n, k)
              local medium = with("medium", kernel, left.matmul, left, right)
              close(medium, near, parts, SUMS, "medium, rounded here, " .. name)
              close(medium, exact, whole, MEDIUM, "medium, " .. name)
            end
          end
        end
      end)

      test("adds to what is there", function()
        for s, k in ipairs {3, 64, 1001} do
          local x, w, bias = uniform(19, k, s), uniform(37, k, s + 9), uniform(1, 37, s + 20)[1]
          local want, size = product(x:tolist(), w:transpose():tolist(), true)
          for i = 1, 19 do
            for j = 1, 37 do
              want[i][j], size[i][j] = want[i][j] + bias[j]:item(), size[i][j] + 1
            end
          end
          close(with("medium", kernel, vs.linear, x, w, bias), want, size, SUMS, "k = " .. k)
        end
      end)

      test("makes zeros, or the bias, of no products", function()
        for _, name in ipairs {"high", "medium"} do
          local z = with(name, kernel, vs.matmul, vs.zeros(3, 0), vs.zeros(0, 2))
          assert.are.same({0, 0, 0, 0, 0, 0}, numbers.flat(z))
          z = with(name, kernel, vs.linear, vs.zeros(2, 0), vs.zeros(3, 0), vs.tensor {1, 2, 3})
          assert.are.same({1, 2, 3, 1, 2, 3}, numbers.flat(z))
          z = with(name, kernel, vs.matmul, vs.zeros(0, 3), vs.zeros(3, 2))
          assert.are.same({}, numbers.flat(z))
        end
      end)

      test("keeps NaN and infinity", function()
        local odd = {INF, -INF, NAN, 0, 1, -1 - 2 ^ -12, 1e-39, 2 ^ -126, 3.4e38, -3e38, 0.3}
        local rows, columns = {}, {}
        for i = 1, #odd do -- each in a row of its own, with one other value
          rows[i], columns[i] = {}, {1, 0, -2.5, 1 + 2 ^ -12}
          for k = 1, #odd do rows[i][k] = k == i and odd[i] or k == 1 and 0.5 or 0 end
        end
        local x, y = vs.tensor(rows), vs.tensor(columns)
        local want, size = product(x:tolist(), y:tolist(), true)
        close(with("medium", kernel, x.matmul, x, y), want, size, 2 ^ -22, "medium")
        local left, right = y:transpose(), x:transpose()
        want, size = product(left:tolist(), right:tolist(), true)
        close(with("medium", kernel, left.matmul, left, right), want, size, 2 ^ -22, "right side")
      end)
    end)
  end

  -- Each makes a function of no arguments, and the leaves whose gradients are compared.
  local function leaf(...) return vs.randn(...):requires_grad_() end
  local works = {
    ["batched matmul"] = function()
      local x, y = leaf(6, 70, 90), leaf(90, 80)
      return function() return x:matmul(y) end, {x, y}
    end,
    ["matmul of batches"] = function()
      local x, y = leaf(5, 70, 90), leaf(5, 90, 80)
      return function() return x:matmul(y) end, {x, y}
    end,
    matmul = function()
      local x, y = leaf(250, 270), leaf(270, 260)
      return function() return x:matmul(y) end, {x, y}
    end,
    linear = function()
      local layer, x = nn.Linear(150, 130), leaf(140, 150)
      return function() return layer(x) end, {x, table.unpack(layer:parameters())}
    end,
    LSTM = function()
      local layer, x = nn.LSTM(60, 64), leaf(40, 7, 60)
      local lengths = {}
      for b = 1, 40 do lengths[b] = 1 + b % 7 end
      lengths = vs.tensor(lengths, {dtype = "int64"})
      return function() return (layer(x, lengths)) end, {x, table.unpack(layer:parameters())}
    end,
    GRU = function()
      local layer, x = nn.GRU(60, 64), leaf(40, 7, 60)
      return function() return (layer(x)) end, {x, table.unpack(layer:parameters())}
    end,
    attention = function()
      local q, k, v = leaf(3, 100, 96), leaf(3, 130, 96), leaf(3, 130, 96)
      return function()
        return vs.scaled_dot_product_attention(q, k, v, {num_heads = 2})
      end, {q, k, v}
    end,
  }

  -- Output and gradients of a work.
  local function run(work)
    vs.manual_seed(1)
    local fn, leaves = work()
    local y = fn()
    vs.manual_seed(2);
    (y * vs.randn(numbers.shape(y))):sum():backward()
    local all = {y:detach()}
    for _, t in ipairs(leaves) do all[#all + 1] = t.grad end
    return all
  end

  -- Root mean square of the difference, of that of y.
  local function distance(x, y)
    return (x - y):square():mean():sqrt():item() / y:square():mean():sqrt():item()
  end

  for name, work in numbers.sorted(works) do
    it("carries gradients of " .. name, function()
      local exact = run(work)
      vs.set_matmul_precision "high"
      for i, t in ipairs(run(work)) do
        assert(t:eq(exact[i]):all(), "high is not float32")
      end
      vs.set_matmul_precision "medium"
      local quick = run(work)
      vs._force_products(true)
      local plain, changed = run(work), false
      vs._force_products(false, true)
      local small = run(work)
      for i, t in ipairs(exact) do
        local far = distance(quick[i], t)
        assert(far < 2 ^ -7, ("medium is off by %g in %d"):format(far, i))
        assert(distance(small[i], t) < 2 ^ -7)
        assert(distance(plain[i], quick[i]) < 2 ^ -9, "plain loops are off")
        changed = changed or far > 2 ^ -12
      end
      assert(changed, "medium is float32")
    end)

    it("carries gradients of " .. name .. " in panels of whole values", function()
      local exact = run(work)
      vs._force_products(false, true)
      for i, t in ipairs(run(work)) do
        local far = distance(t, exact[i])
        assert(far < 2 ^ -18, ("panels are off by %g in %d"):format(far, i))
      end
    end)

    it("gives " .. name .. " the same bits on any number of threads", function()
      local before = vs.get_num_threads()
      vs._force_products(false, true)
      for _, precision in ipairs {"highest", "medium"} do
        vs.set_matmul_precision(precision)
        vs.set_num_threads(1)
        local one = run(work)
        for _, threads in ipairs {2, 3, 6} do
          vs.set_num_threads(threads)
          for i, t in ipairs(run(work)) do
            assert(t:eq(one[i]):all(), ("%d threads differ in %d"):format(threads, i))
          end
        end
      end
      vs.set_num_threads(before)
    end)

    it("survives a refused allocation at every place in " .. name, function()
      vs.set_matmul_precision "medium"
      memory.refused(60, run(work), run, work)
    end)
  end
end)
