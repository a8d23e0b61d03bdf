-- Positional encodings, and generalized pooling (nn.GPO), which is built on them.
local core = require "vesper.core"
local module = require "vesper.nn.module"
local check = require "vesper.util.check"
local text = require "vesper.util.text"

local pooling = {}

-- ---- positions ----------------------------------------------------------------------------------

--- Sinusoids [n,d] for positions 0..n-1: sin in the odd, cos in the even channels, counted from 1.
-- Vaswani et al., 2017.
function pooling.positional_encoding(n, d)
  check.whole("positional_encoding", "n", n, 1)
  if math.type(d) ~= "integer" or d < 2 or d % 2 ~= 0 then
    check.fail("positional_encoding", "d is %s, expected an even integer >= 2", text.value(d))
  end
  local rate = (core.arange(0, d // 2 - 1):float() * (-2 * math.log(10000) / d)):exp()
  local angle = core.arange(0, n - 1):float():reshape(n, 1) * rate:reshape(1, d // 2)
  return core.stack({angle:sin(), angle:cos()}, 3):reshape(n, d)
end

--- The encoding of a grid, [height*width,d] row by row: the first half of the channels encodes the
-- row, the second the column.
function pooling.positional_encoding2d(height, width, d)
  check.whole("positional_encoding2d", "height", height, 1)
  check.whole("positional_encoding2d", "width", width, 1)
  if math.type(d) ~= "integer" or d < 4 or d % 4 ~= 0 then
    check.fail("positional_encoding2d", "d is %s, expected a positive multiple of 4", text.value(d))
  end
  local half = d // 2
  local rows = pooling.positional_encoding(height, half):unsqueeze(2):expand(height, width, half)
  local columns = pooling.positional_encoding(width, half):unsqueeze(1):expand(height, width, half)
  return core.cat({rows, columns}, 3):reshape(height * width, d)
end

-- ---- pooling ------------------------------------------------------------------------------------

local GPO = module.Module:extend "GPO"

--- Generalized pooling: the values of each channel are sorted and summed with weights that a small
-- BiGRU computes for the ranks; mean and max pooling are special cases.  Chen et al., VSE-infinity,
-- CVPR 2021.
function GPO:init(d_pe, d_hidden)
  self.d_pe = d_pe or 32
  self.gru = core.layers.GRU(self.d_pe, d_hidden or 32, {bidirectional = true})
  self.linear = core.layers.Linear(d_hidden or 32, 1, {bias = false})
end

--- x [B,T,D], lengths int64 [B] (default: T) -> pooled [B,D], weights [B,T].  A row of length 0
-- gives zeros.
function GPO:forward(x, lengths)
  local B, T = x.shape[1], x.shape[2]
  if T == 0 then return x:sum(2), core.zeros(B, 0) end
  local position = pooling.positional_encoding(T, self.d_pe):unsqueeze(1):expand(B, T, self.d_pe)
  local states = self.gru(position, lengths and lengths:float():clamp(1, T):long())
  local half = states.shape[3] // 2
  local score = self.linear((states:slice(3, 1, half) + states:slice(3, half + 1)) / 2):squeeze(3)
  if not lengths then
    local weights = (score * 10):softmax(2)
    return (x:sort(2, {descending = true}) * weights:unsqueeze(3)):sum(2), weights
  end
  local absent = core.arange(1, T):unsqueeze(1):gt(lengths:unsqueeze(2)) -- [B,T]
  local weights = (score * 10):masked_fill(absent, -math.huge):softmax(2)
  local sorted = x:masked_fill(absent:unsqueeze(3), -math.huge):sort(2, {descending = true})
  sorted = sorted:masked_fill(absent:unsqueeze(3), 0)
  return (sorted * weights:unsqueeze(3)):sum(2), weights
end

pooling.GPO = GPO

return pooling
