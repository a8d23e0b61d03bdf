-- Scores of embeddings in blocks, so that the whole matrix of scores is never in memory.
local core = require "vesper.core"

local blocks = {}

blocks.SCORES = 4 * 1024 * 1024 -- per block

--- Rows normalised to length 1.
function blocks.unit_rows(x) return x:detach():normalize {dim = 2} end

--- A product at full precision, whatever the setting: ranks compare the scores.
function blocks.product(a, b) return core._in_full(a.matmul, a, b) end

--- Calls fn(scores, rows, first, last) for blocks of queries: rows [R,D] are queries first..last,
--- scores [R,N] their cosines.  A product with few rows spends its time reading the gallery, so a
--- block has at least D / 2 rows, even if its scores then exceed blocks.SCORES.
function blocks.each(queries, gallery, fn)
  local total, columns = #queries, gallery:transpose(1, 2)
  local step = math.max(1, blocks.SCORES // math.max(1, #gallery), gallery.shape[2] // 2)
  for first = 1, total, step do
    local last = math.min(total, first + step - 1)
    local rows = queries:slice(1, first, last)
    fn(blocks.product(rows, columns), rows, first, last)
  end
end

--- Index and value of the first entry of int64 [N] outside 1..top, or nil.
function blocks.first_outside(t, top)
  if #t == 0 or t:min():item() >= 1 and t:max():item() <= top then return nil end
  for i, value in ipairs(t:tolist()) do
    if value < 1 or value > top then return i, value end
  end
end

return blocks
