-- The inter-attention module: in each iteration the fused vector attends to a memory, which holds
-- the image vectors computed so far and, by options, the regions and the words.
--
--   m_1 = MLP([v; t]), u_1 = W_v v
--   q_k = W_t m_k;  s_j = sigmoid(q_k . W_m u_j / sqrt(low)) over the memory;  e_k = sum_j s_j u_j
--   m_{k+1} = LayerNorm(m_k + MLP(W_h e_k));  u_{k+1} = W_u m_{k+1}
local core = require "vesper.core"
local nn = require "vesper.nn"
local encoders = require "vesper.models.encoders"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

local InterAttention = nn.Module:extend("InterAttention")

local PARTS = {"image", "regions", "words"}

-- The parts of the memory as a set.
local function read_memory(list)
  local set = {}
  check.kind("InterAttention", "memory", list, "list")
  for i, name in ipairs(list) do
    local known = false
    for _, part in ipairs(PARTS) do known = known or part == name end
    if not known then
      check.fail("InterAttention", "memory[%d] is %s, expected one of: %s", i, tostring(name),
        table.concat(PARTS, ", "))
    end
    set[name] = true
  end
  if #list == 0 then
    check.fail("InterAttention", "memory is empty, expected some of: %s", table.concat(PARTS, ", "))
  end
  return set
end

--- InterAttention(D, options).  Options (with their defaults):
--   iterations = 3, low = D / 4, dropout = 0.2
--   memory = {"image"}        what the memory holds: "image" (the u_k), "regions", "words"
--   region_width = C          of the regions, where the memory or u_1 needs them
--   word_width = E            of the words, where the memory needs them
--   over_regions = false      true: u_1 is the attention of m_1 over the regions, not W_v v
--   norm = true               false: without the division by sqrt(low) and the layer norms
function InterAttention:init(width, given)
  local o = options.read("InterAttention", given, {iterations = 3, low = width // 4, dropout = 0.2,
    memory = {"image"}, over_regions = false, norm = true},
    {region_width = true, word_width = true, over_regions = "boolean", norm = "boolean",
     iterations = "count", low = "count", memory = "list"})
  self.iterations, self.memory = o.iterations, setmetatable(read_memory(o.memory), {__name = "set"})
  self.scale = o.norm and o.low ^ -0.5 or 1
  local function mlp(from)
    return nn.Sequential{nn.Linear(from, width), nn.ReLU(), nn.Dropout(o.dropout),
      nn.Linear(width, width)}
  end
  self.first, self.next = mlp(2 * width), mlp(width)
  self.W_h = nn.Linear(width, width)
  self.W_t, self.W_m = nn.Linear(width, o.low), nn.Linear(width, o.low)
  if self.memory.image then
    self.W_v, self.W_u = nn.Linear(width, width), nn.Linear(width, width)
  end
  if o.norm then self.norm = nn.LayerNorm(width) end
  if self.memory.regions then
    self.regions, self.region_norm = nn.Linear(o.region_width, width), nn.LayerNorm(width)
  end
  if self.memory.words then
    self.words, self.word_norm = nn.Linear(o.word_width, width), nn.LayerNorm(width)
  end
  if o.over_regions then
    self.over_regions = nn.MultiheadAttention(width, 1,
      {kdim = o.region_width, vdim = o.region_width})
  end
end

local function first_image(self, v, m, U, where)
  if not self.over_regions then return self.W_v(v) end
  local absent = core.is_tensor(where) and encoders.mask_of(where, U.shape[2]):logical_not()
  return self.over_regions(m:unsqueeze(2), U, U, {key_padding_mask = absent}):squeeze(2)
end

-- The part of the memory that no iteration changes: vectors [B,N,D], and a mask [B,N] that is 1
-- where a vector is real and 0 at padding; nil where the memory holds image vectors only.
local function evidence_of(self, U, where, W, lengths)
  local vectors, real = {}, {}
  if self.memory.regions then
    vectors[1] = self.region_norm(self.regions(U))
    real[1] = core.is_tensor(where) and encoders.mask_of(where, U.shape[2]):float()
      or core.ones(U.shape[1], U.shape[2])
  end
  if self.memory.words then
    vectors[#vectors + 1] = self.word_norm(self.words(W))
    real[#real + 1] = encoders.mask_of(lengths, W.shape[2]):float()
  end
  if #vectors == 0 then return nil end
  return core.cat(vectors, 2), core.cat(real, 2)
end

--- v, t [B,D], U [B,R,C] and its grid or counts, W [B,T,E] and its lengths (U and W where the
-- memory has them) -> m [B,D]; scores: a list with the s of every iteration, [B,k] of the k image
-- vectors, followed by those of the R regions and the T words.  Padding has the score 0.
function InterAttention:forward(v, t, U, where, W, lengths)
  local m = self.first(core.cat({v, t}, 2))
  if self.norm then m = self.norm(m) end
  local evidence, real = evidence_of(self, U, where, W, lengths)
  local images, scores = {}, {}
  if self.memory.image then images[1] = first_image(self, v, m, U, where) end
  for k = 1, self.iterations do
    local u = images[1] and core.stack(images, 2) or evidence                            -- [B,N,D]
    if images[1] and evidence then u = core.cat({u, evidence}, 2) end
    local s = ((self.W_m(u) * self.W_t(m):unsqueeze(2)):sum(3) * self.scale):sigmoid()   -- [B,N]
    if real then
      local images_real = images[1] and core.ones(v.shape[1], #images)
      s = s * (images_real and core.cat({images_real, real}, 2) or real)
    end
    m = m + self.next(self.W_h((u * s:unsqueeze(3)):sum(2)))
    if self.norm then m = self.norm(m) end
    scores[k] = s
    if self.memory.image and k < self.iterations then images[k + 1] = self.W_u(m) end
  end
  return m, scores
end

return InterAttention
