-- Attention and what stands around it: MultiheadAttention, transformer encoders, positional
-- encodings, generalized pooling.  All of them are modules made of ops; the attention itself is one
-- fused op (csrc/op/attention.c) that never holds the scores.
--
-- Batches come first everywhere: x [B,T,D].  A key_padding_mask [B,S] is true where a key is padding,
-- as in PyTorch.
local core = require "vesper.core"

-- Options with defaults; an unknown key raises.
local function options_of(given, defaults, what)
  local o = {}
  for key in pairs(given or {}) do
    if defaults[key] == nil then
      local known = {}
      for name in pairs(defaults) do known[#known + 1] = name end
      table.sort(known)
      core._raise(("%s: unknown option '%s', expected one of %s"):format(what, tostring(key),
        table.concat(known, ", ")))
    end
  end
  for key, value in pairs(defaults) do
    o[key] = value
    if given and given[key] ~= nil then o[key] = given[key] end
  end
  return o
end

return function(nn)
  -- ---- multi-head attention -----------------------------------------------------------------------

  local MultiheadAttention = nn.Module:extend "MultiheadAttention"
  nn.MultiheadAttention = MultiheadAttention

  local function projection(rows, columns)
    return nn.Parameter(nn.init.xavier_uniform_(core.empty(rows, columns)))
  end

  --- PyTorch's parameters and first values: in_proj_weight [3E,E], or q_, k_ and v_proj_weight where
  -- keys or values have a width of their own.  Vaswani et al., 2017.
  function MultiheadAttention:init(embed_dim, num_heads, options)
    local o = options_of(options, {dropout = 0, bias = true, kdim = false, vdim = false},
      "MultiheadAttention")
    if math.type(embed_dim) ~= "integer" or math.type(num_heads) ~= "integer" or num_heads < 1
      or embed_dim < 1 or embed_dim % num_heads ~= 0 then
      core._raise(("MultiheadAttention: embed_dim is %s, expected a multiple of num_heads, %s"):format(
        tostring(embed_dim), tostring(num_heads)))
    end
    self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, o.dropout
    local kdim, vdim = o.kdim or embed_dim, o.vdim or embed_dim
    if kdim == embed_dim and vdim == embed_dim then
      self.in_proj_weight = projection(3 * embed_dim, embed_dim)
    else
      self.q_proj_weight = projection(embed_dim, embed_dim)
      self.k_proj_weight = projection(embed_dim, kdim)
      self.v_proj_weight = projection(embed_dim, vdim)
    end
    if o.bias then self.in_proj_bias = nn.Parameter(core.zeros(3 * embed_dim)) end
    self.out_proj = nn.Linear(embed_dim, embed_dim, {bias = o.bias})
    if o.bias then nn.init.zeros_(self.out_proj.bias) end
  end

  function MultiheadAttention:project(i, x)
    local E = self.embed_dim
    local w = self.in_proj_weight and self.in_proj_weight:slice(1, (i - 1) * E + 1, i * E)
      or self[({"q_proj_weight", "k_proj_weight", "v_proj_weight"})[i]]
    local b = self.in_proj_bias and self.in_proj_bias:slice(1, (i - 1) * E + 1, i * E)
    return core.linear(x, w, b)
  end

  -- PyTorch's masks, true where something is hidden, as the op's: mask, true where it is seen, and
  -- bias, which is added.
  local function masks(o)
    local padding, attn, mask, bias = o.key_padding_mask, o.attn_mask, nil, nil
    if padding then mask = padding:logical_not():unsqueeze(2):unsqueeze(2) end
    if attn and attn.ndim == 3 then attn = attn:reshape(-1, o.heads, attn.shape[2], attn.shape[3]) end
    if attn and attn.dtype == "bool" then
      local seen = attn:logical_not()
      mask = mask and mask:logical_and(seen) or seen
    elseif attn then
      bias = attn
    end
    return mask, bias
  end

  -- The weights of the heads [B,H,L,S], by plain ops.
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

  --- query [B,L,E], key [B,S,K], value [B,S,V] (key and value: query unless given) -> [B,L,E].
  -- Options: key_padding_mask bool [B,S]; attn_mask bool (true: hidden) or float (added) [L,S] or
  -- [B*H,L,S]; is_causal; need_weights = true also returns [B,L,S], the mean over heads, or
  -- [B,H,L,S] with average_attn_weights = false.
  function MultiheadAttention:forward(query, key, value, options)
    if type(key) == "table" then key, options = nil, key end
    if type(value) == "table" then value, options = nil, value end
    local o = options_of(options, {key_padding_mask = false, attn_mask = false, is_causal = false,
      need_weights = false, average_attn_weights = true}, "MultiheadAttention")
    o.heads = self.num_heads
    key = key or query
    local q, k, v = self:project(1, query), self:project(2, key), self:project(3, value or key)
    local mask, bias = masks(o)
    local function of_op(x) -- which knows no heads where there is one
      return x and x.ndim == 4 and self.num_heads == 1 and x:squeeze(2) or x
    end
    local y = core.scaled_dot_product_attention(q, k, v, of_op(mask), of_op(bias),
      {num_heads = self.num_heads, is_causal = o.is_causal,
        dropout_p = self.training and self.dropout or 0})
    y = self.out_proj(y)
    if not o.need_weights then return y end
    local w = weights_of(q, k, mask, bias, o.is_causal, self.num_heads)
    return y, o.average_attn_weights and w:mean(2) or w
  end

  -- ---- transformer encoders -----------------------------------------------------------------------

  local Layer = nn.Module:extend "TransformerEncoderLayer"
  nn.TransformerEncoderLayer = Layer

  local LAYER = {dim_feedforward = 2048, dropout = 0.1, activation = "relu", layer_norm_eps = 1e-5,
    norm_first = false}

  --- Self-attention and a feed-forward net, each with a residual and a layer norm behind it, or
  -- before it with norm_first.  activation is the name of an op: relu, gelu.
  function Layer:init(d_model, nhead, options)
    local o = options_of(options, LAYER, "TransformerEncoderLayer")
    self.another = function() return Layer(d_model, nhead, o) end
    self.activation, self.norm_first = o.activation, o.norm_first
    if type(core[o.activation]) ~= "function" then
      core._raise(("TransformerEncoderLayer: there is no activation '%s'"):format(
        tostring(o.activation)))
    end
    self.self_attn = MultiheadAttention(d_model, nhead, {dropout = o.dropout})
    self.linear1 = nn.Linear(d_model, o.dim_feedforward)
    self.linear2 = nn.Linear(o.dim_feedforward, d_model)
    self.norm1 = nn.LayerNorm(d_model, {eps = o.layer_norm_eps})
    self.norm2 = nn.LayerNorm(d_model, {eps = o.layer_norm_eps})
    self.dropout, self.dropout1, self.dropout2 =
      nn.Dropout(o.dropout), nn.Dropout(o.dropout), nn.Dropout(o.dropout)
  end

  function Layer:attend(x, masks_of)
    return self.dropout1((self.self_attn(x, masks_of)))
  end

  function Layer:feed_forward(x)
    return self.dropout2(self.linear2(self.dropout(core[self.activation](self.linear1(x)))))
  end

  --- x [B,T,D] -> [B,T,D].  Options: key_padding_mask, attn_mask, is_causal of MultiheadAttention.
  function Layer:forward(x, options)
    if self.norm_first then
      x = x + self:attend(self.norm1(x), options or {})
      return x + self:feed_forward(self.norm2(x))
    end
    x = self.norm1(x + self:attend(x, options or {}))
    return self.norm2(x + self:feed_forward(x))
  end

  local Encoder = nn.Module:extend "TransformerEncoder"
  nn.TransformerEncoder = Encoder

  --- num_layers layers made like the given one (which is the first), each with first values of its
  -- own, and a norm behind them where one is given.
  function Encoder:init(layer, num_layers, norm)
    if getmetatable(layer) ~= Layer then
      core._raise("TransformerEncoder: expected a TransformerEncoderLayer")
    end
    if math.type(num_layers) ~= "integer" or num_layers < 1 then
      core._raise(("TransformerEncoder: num_layers is %s, expected an integer from 1"):format(
        tostring(num_layers)))
    end
    self.layers = {layer}
    for i = 2, num_layers do self.layers[i] = layer.another() end
    self.norm = norm
  end

  function Encoder:forward(x, options)
    for _, layer in ipairs(self.layers) do x = layer(x, options) end
    return self.norm and self.norm(x) or x
  end

  -- ---- positions ----------------------------------------------------------------------------------

  --- Sinusoids [n,d] for positions 0..n-1: sin in the odd, cos in the even channels.  Vaswani et
  -- al., 2017.
  function nn.positional_encoding(n, d)
    if math.type(d) ~= "integer" or d < 2 or d % 2 ~= 0 then
      core._raise(("positional_encoding: d is %s, expected an even number"):format(tostring(d)))
    end
    local rate = (core.arange(0, d // 2 - 1):float() * (-2 * math.log(10000) / d)):exp()
    local angle = core.arange(0, n - 1):float():reshape(n, 1) * rate:reshape(1, d // 2)
    return core.stack({angle:sin(), angle:cos()}, 3):reshape(n, d)
  end

  --- The same for a grid, [height*width,d] row by row: half of the channels for the row, half for
  -- the column.
  function nn.positional_encoding2d(height, width, d)
    if math.type(d) ~= "integer" or d % 4 ~= 0 then
      core._raise(("positional_encoding2d: d is %s, expected a multiple of 4"):format(tostring(d)))
    end
    local rows = nn.positional_encoding(height, d // 2):unsqueeze(2):expand(height, width, d // 2)
    local columns = nn.positional_encoding(width, d // 2):unsqueeze(1):expand(height, width, d // 2)
    return core.cat({rows, columns}, 3):reshape(height * width, d)
  end

  -- ---- pooling ------------------------------------------------------------------------------------

  local GPO = nn.Module:extend "GPO"
  nn.GPO = GPO

  --- Generalized pooling: the values of each channel, sorted, are summed with weights that a small
  -- BiGRU gives to the ranks; mean and max are among what it can learn.  Chen et al., VSE-infinity,
  -- CVPR 2021.
  function GPO:init(d_pe, d_hidden)
    self.d_pe = d_pe or 32
    self.gru = nn.GRU(self.d_pe, d_hidden or 32, {bidirectional = true})
    self.linear = nn.Linear(d_hidden or 32, 1, {bias = false})
  end

  --- x [B,T,D], lengths int64 [B] (T unless given) -> pooled [B,D], weights [B,T].  A row without
  -- elements gives zeros.
  function GPO:forward(x, lengths)
    local B, T = x.shape[1], x.shape[2]
    local position = nn.positional_encoding(T, self.d_pe):unsqueeze(1):expand(B, T, self.d_pe)
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
end
