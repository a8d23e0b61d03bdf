-- Work large enough to be cut among threads: the same numbers twice, and the numbers that one
-- thread gives (up to the order of sums).
local vs = require "vesper"
local numbers = require "spec.support.numbers"

local N = 300 -- rows and columns: 90,000 elements, above every grain

local function matrix(seed)
  vs.manual_seed(seed)
  return vs.rand(N, N) + 0.25
end

-- Each takes x and y [N,N], positive.
local works = {
  unary = function(x) return x:exp():tanh():gelu():sqrt() end,
  binary = function(x, y) return (x + y) * x / y - x:maximum(y) end,
  broadcast = function(x, y) return x * y:slice(1, 1, 1) + y:slice(2, 7, 7) end,
  transposed = function(x, y) return x:transpose() * y + x:transpose():exp() end,
  where = function(x, y) return vs.where(x:gt(y), x, y) end,
  ["sum of all"] = function(x) return x:sum() end,
  ["sum of rows"] = function(x) return x:sum(2) end,
  ["mean of columns"] = function(x) return x:mean(1) end,
  matmul = function(x, y) return x:matmul(y) * 1e-2 end,
  softmax = function(x) return vs.softmax(x, -1) * N end,
  ["log softmax of columns"] = function(x) return vs.log_softmax(x, 1) end,
  normalize = function(x) return vs.normalize(x) end,
  dropout = function(x) return vs.dropout(x, 0.3) end,
  cat = function(x, y) return vs.cat({x, y}, 2) end,
  attention = function(x, y)
    return vs.scaled_dot_product_attention(x, y, x, nil, y:slice(1, 1, 1), {num_heads = 6})
  end,
}

-- Output and gradients of a work; backward with other threads where they are given.
local function run(work, threads, behind)
  vs.set_num_threads(threads)
  local x, y = matrix(1):requires_grad_(), matrix(2):requires_grad_()
  vs.manual_seed(3)
  local out = work(x, y)
  vs.set_num_threads(behind or threads)
  vs.manual_seed(4);
  (out * vs.rand(numbers.shape(out))):sum():backward()
  return {output = out:detach(), dx = x.grad, dy = y.grad}
end

describe("threads", function()
  local before
  setup(function() before = vs.get_num_threads() end)
  teardown(function() vs.set_num_threads(before) end)

  for name, work in numbers.sorted(works) do
    it("give the same " .. name, function()
      local one, two, again = run(work, 1), run(work, 2), run(work, 2)
      for part, t in pairs(run(work, 1, 5)) do
        local off = (t - one[part]):abs():max():item()
        assert(off <= 1e-5 * math.max(1, t:abs():max():item()), part .. " with more threads behind")
      end
      for part, t in pairs(one) do
        assert(again[part]:eq(two[part]):all(), part .. " differs from run to run")
        local off = (t - two[part]):abs():max():item()
        local top = math.max(1, t:abs():max():item())
        assert(off <= 1e-5 * top, ("%s differs by %g, the largest is %g"):format(part, off, top))
      end
    end)
  end

  it("draw the same random numbers", function()
    local function draw(threads)
      vs.set_num_threads(threads)
      vs.manual_seed(5)
      return vs.randn(N, N), vs.rand(N, N)
    end
    local a, b = draw(1)
    local c, d = draw(2)
    assert(a:eq(c):all() and b:eq(d):all())
  end)
end)
