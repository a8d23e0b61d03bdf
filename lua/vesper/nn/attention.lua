-- nn.MultiheadAttention.  The attention is one fused op (csrc/op/attention.c) that does not store
-- the scores.
--
-- The batch is the first dimension: x [B,T,D].  A key_padding_mask [B,S] is true where a key is
-- padding, as in PyTorch.
local core = require "vesper.core"
local initialise = require "vesper.nn.initialise"
local module = require "vesper.nn.module"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local has_shape = check.has_shape

local MultiheadAttention = module.Module:extend "MultiheadAttention"

local function projection(rows, columns)
  return module.Parameter(initialise.xavier_uniform_(core.empty(rows, columns)))
end

--- PyTorch's parameters and initialisation: in_proj_weight [3E,E], or q_, k_ and v_proj_weight if
-- kdim or vdim differs from embed_dim.  Vaswani et al., 2017.
function MultiheadAttention:init(embed_dim, num_heads, given)
  local o = options.read("MultiheadAttention", given,
    {dropout = 0, bias = true, kdim = false, vdim = false})
  if math.type(embed_dim) ~= "integer" or math.type(num_heads) ~= "integer" or num_heads < 1
    or embed_dim < 1 or embed_dim % num_heads ~= 0 then
    check.fail("MultiheadAttention", "embed_dim is %s, expected a multiple of num_heads = %s",
      text.value(embed_dim), text.value(num_heads))
  end
  self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, o.dropout
  local kdim, vdim = o.kdim or embed_dim, o.vdim or embed_dim
  self.kdim, self.vdim = kdim, vdim
  if kdim == embed_dim and vdim == embed_dim then
    self.in_proj_weight = projection(3 * embed_dim, embed_dim)
  else
    self.q_proj_weight = projection(embed_dim, embed_dim)
    self.k_proj_weight = projection(embed_dim, kdim)
    self.v_proj_weight = projection(embed_dim, vdim)
  end
  if o.bias then self.in_proj_bias = module.Parameter(core.zeros(3 * embed_dim)) end
  self.out_proj = core.layers.Linear(embed_dim, embed_dim, {bias = o.bias})
  if o.bias then initialise.zeros_(self.out_proj.bias) end
end

-- The projection of x as query (i = 1), key (2) or value (3).
local function project(self, i, x)
  local E = self.embed_dim
  local w = self.in_proj_weight and self.in_proj_weight:slice(1, (i - 1) * E + 1, i * E)
    or self[({"q_proj_weight", "k_proj_weight", "v_proj_weight"})[i]]
  local b = self.in_proj_bias and self.in_proj_bias:slice(1, (i - 1) * E + 1, i * E)
  return core.linear(x, w, b)
end

-- Raises unless good.  name, x: the argument; expected and `...`: a format of what is expected.
local function want(good, name, x, expected, ...)
  if good then return end
  check.fail("MultiheadAttention", "%s is %s, expected %s", name, text.kind(x),
    expected:format(...))
end

-- Converts PyTorch's masks (true: masked) to those of the op: mask (true: visible), broadcastable
-- to [B,H,L,S], and bias, which is added to the scores.
local function masks(o, heads, B, L, S)
  local padding, attn, mask, bias = o.key_padding_mask, o.attn_mask, nil, nil
  if padding then
    want(has_shape(padding, B, S) and padding.dtype == "bool", "key_padding_mask", padding,
      "bool [%d,%d]", B, S)
    mask = padding:logical_not():unsqueeze(2):unsqueeze(2)
  end
  if attn then
    want(has_shape(attn, L, S) or has_shape(attn, B * heads, L, S), "attn_mask", attn,
      "[%d,%d] or [%d,%d,%d]", L, S, B * heads, L, S)
    if attn.ndim == 3 then attn = attn:reshape(B, heads, L, S) end
  end
  if attn and attn.dtype == "bool" then
    local seen = attn:logical_not()
    mask = mask and mask:logical_and(seen) or seen
  elseif attn then
    bias = attn
  end
  return mask, bias
end

-- The attention weights of all heads [B,H,L,S].
local function weights_of(q, k, mask, bias, causal, heads)
  local B, L, S, E = q.shape[1], q.shape[2], k.shape[2], q.shape[3] // heads
  local scores = q:reshape(B, L, heads, E):transpose(2, 3)
    :matmul(k:reshape(B, S, heads, E):permute(1, 3, 4, 2)) / math.sqrt(E)
  if bias then scores = scores + bias end
  if causal then
    local later = core.ones(L, S):triu(1):bool()
    scores = scores:masked_fill(later, -math.huge)
  end
  if mask then scores = scores:masked_fill(mask:logical_not(), -math.huge) end
  return scores:softmax(-1)
end

--- query [B,L,E], key [B,S,K] (default: query), value [B,S,V] (default: key) -> [B,L,E].
-- Options: key_padding_mask bool [B,S]; attn_mask bool (true: masked) or float (added) [L,S] or
-- [B*H,L,S]; is_causal; need_weights = true also returns [B,L,S], the mean over heads, or
-- [B,H,L,S] with average_attn_weights = false.
function MultiheadAttention:forward(query, key, value, given)
  if type(key) == "table" then key, given = nil, key end
  if type(value) == "table" then value, given = nil, value end
  local o = options.read("MultiheadAttention", given, {key_padding_mask = false,
    attn_mask = false, is_causal = false, need_weights = false, average_attn_weights = true})
  key = key or query
  value = value or key
  local E = self.embed_dim
  want(has_shape(query, false, false, E), "query", query, "[B,L,%d]", E)
  local B, L = query.shape[1], query.shape[2]
  want(has_shape(key, B, false, self.kdim), "key", key, "[%d,S,%d]", B, self.kdim)
  local S = key.shape[2]
  want(has_shape(value, B, S, self.vdim), "value", value, "[%d,%d,%d]", B, S, self.vdim)
  local mask, bias = masks(o, self.num_heads, B, L, S)
  local q, k, v = project(self, 1, query), project(self, 2, key), project(self, 3, value)
  local y = core.scaled_dot_product_attention(q, k, v, mask, bias, {num_heads = self.num_heads,
    is_causal = o.is_causal, dropout_p = self.training and self.dropout or 0})
  y = self.out_proj(y)
  if not o.need_weights then return y end
  local w = weights_of(q, k, mask, bias, o.is_causal, self.num_heads)
  return y, o.average_attn_weights and w:mean(2) or w
end

return {MultiheadAttention = MultiheadAttention}
