-- Matrix products at each precision: GFLOP/s, and how far from products in double.
--
--   OMP_NUM_THREADS=1 lua5.4 bench/products.lua [SECONDS a size]
--
-- The best of the rounds that fit, precisions in turns.  The error is the root mean square of
-- differences over that of sums, from 200 elements of the result.
local vs = require "vesper"

local seconds = tonumber(arg[1]) or 2
local sizes = {{64, 64, 256}, {256, 256, 256}, {512, 384, 384}, {128, 4096, 1024},
  {1024, 1024, 1024}, {2048, 2048, 2048}}
local precisions = {"highest", "medium"}

local function once(x, y, work)
  local rounds = math.ceil(2e8 / work)
  local from = vs.now()
  for _ = 1, rounds do x:matmul(y) end
  return (vs.now() - from) / rounds
end

local function error_of(x, y)
  local z, off, all = x:matmul(y), 0, 0
  for s = 1, 200 do
    local i, j = 1 + s * 37 % x.shape[1], 1 + s * 91 % y.shape[2]
    local a, b, sum = x[i]:tolist(), y:select(2, j):contiguous():tolist(), 0
    for k = 1, #a do sum = sum + a[k] * b[k] end
    off, all = off + (z[i][j]:item() - sum) ^ 2, all + sum ^ 2
  end
  return math.sqrt(off / all)
end

print(("%s, bfloat16 instruction: %s, threads: %d"):format(vs.build.isa, vs.build.bf16,
  vs.get_num_threads()))
print("m x n x k           precision  GFLOP/s  ratio    error")
for _, size in ipairs(sizes) do
  local m, n, k = table.unpack(size)
  local work, best = 2 * m * n * k, {}
  vs.manual_seed(1)
  local x, y = vs.randn(m, k), vs.randn(k, n)
  local stop = vs.now() + seconds
  repeat
    for _, name in ipairs(precisions) do
      vs.set_matmul_precision(name)
      best[name] = math.min(best[name] or math.huge, once(x, y, work))
    end
  until vs.now() > stop
  for _, name in ipairs(precisions) do
    vs.set_matmul_precision(name)
    print(("%-19s %-9s %8.1f %6.2f %8.1e"):format(("%d x %d x %d"):format(m, n, k), name,
      work / best[name] / 1e9, best.highest / best[name], error_of(x, y)))
  end
end
