-- The inter-attention module: in each iteration the fused vector attends to all image vectors
-- computed so far.
--
--   m_1 = MLP([v; t]), u_1 = W_v v
--   q_k = W_t m_k;  s_j = sigmoid(q_k . W_m u_j), j = 1..k;  e_k = sum_j s_j u_j
--   m_{k+1} = m_k + MLP(W_h e_k);  u_{k+1} = W_u m_{k+1}
local core = require "vesper.core"
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"
local options = require "vesper.util.options"

local InterAttention = nn.Module:extend("InterAttention")

--- InterAttention(D, {iterations = 3, low = D / 4, dropout = 0.2, region_width = C}).  With
-- region_width, u_1 is the attention of m_1 over the regions instead of W_v v.
function InterAttention:init(width, given)
  local o = options.read("InterAttention", given,
    {iterations = 3, low = width // 4, dropout = 0.2}, {region_width = true})
  self.iterations = o.iterations
  local function mlp(from)
    return nn.Sequential{nn.Linear(from, width), nn.ReLU(), nn.Dropout(o.dropout),
      nn.Linear(width, width)}
  end
  self.first, self.next = mlp(2 * width), mlp(width)
  self.W_v, self.W_u, self.W_h =
    nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
  self.W_t, self.W_m = nn.Linear(width, o.low), nn.Linear(width, o.low)
  if o.region_width then
    self.over_regions = nn.MultiheadAttention(width, 1,
      {kdim = o.region_width, vdim = o.region_width})
  end
end

local function first_image(self, v, m, U, where)
  if not self.over_regions then return self.W_v(v) end
  local absent = core.is_tensor(where) and encoders.mask_of(where, U.shape[2]):logical_not()
  return self.over_regions(m:unsqueeze(2), U, U, {key_padding_mask = absent}):squeeze(2)
end

--- v, t [B,D] (U and its grid or counts with region_width) -> m [B,D]; scores: a list with the
-- s [B,k] of every iteration.
function InterAttention:forward(v, t, U, where)
  local m = self.first(core.cat({v, t}, 2))
  local memory, scores = {first_image(self, v, m, U, where)}, {}
  for k = 1, self.iterations do
    local u = core.stack(memory, 2)                                       -- [B,k,D]
    local s = (self.W_m(u) * self.W_t(m):unsqueeze(2)):sum(3):sigmoid()   -- [B,k]
    local e = (u * s:unsqueeze(3)):sum(2)
    m = m + self.next(self.W_h(e))
    scores[k], memory[k + 1] = s, self.W_u(m)
  end
  return m, scores
end

return InterAttention
