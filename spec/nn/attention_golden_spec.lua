-- Attention and transformer encoders against PyTorch (values of spec/golden/attention.py): outputs,
-- gradients of inputs, of additive masks and of parameters.
local vs = require "vesper"
local golden = require "spec.support.golden"

local nn = vs.nn
local values = golden.load "attention"

local function attention(width, heads, options)
  return function() return nn.MultiheadAttention(width, heads, options) end
end

local function layer(options)
  local all = {dim_feedforward = 12, dropout = 0}
  for key, value in pairs(options or {}) do all[key] = value end
  return function() return nn.TransformerEncoderLayer(8, 2, all) end
end

-- Each makes a module; a second entry holds further options of the call.
local cases = {
  self = {attention(12, 3)},
  ["self.one_head"] = {attention(6, 1)},
  ["self.bare"] = {attention(8, 2, {bias = false})},
  ["self.padding"] = {attention(12, 3), {need_weights = true}},
  cross = {attention(12, 3, {kdim = 7, vdim = 9}),
    {need_weights = true, average_attn_weights = false}},
  ["cross.same_width"] = {attention(8, 2)},
  ["masked.bool"] = {attention(12, 3)},
  ["masked.float"] = {attention(12, 3), {need_weights = true}},
  ["masked.each_bool"] = {attention(12, 3)},
  ["masked.each_float"] = {attention(12, 3)},
  ["masked.one_head"] = {attention(6, 1)},
  ["layer.post"] = {layer()},
  ["layer.post_gelu"] = {layer {activation = "gelu", layer_norm_eps = 1e-3}},
  ["layer.pre"] = {layer {norm_first = true}},
  ["layer.pre_gelu"] = {layer {norm_first = true, activation = "gelu"}},
  encoder = {function() return nn.TransformerEncoder(layer()(), 3) end},
  ["encoder.normed"] = {function()
    return nn.TransformerEncoder(layer {norm_first = true}(), 2, nn.LayerNorm(8))
  end},
}

-- {name = tensor} of what is stored as case/kind.name.
local function stored(case, kind)
  local found, prefix = {}, case .. "/" .. kind .. "."
  for name, t in pairs(values) do
    if name:sub(1, #prefix) == prefix then found[name:sub(#prefix + 1)] = t end
  end
  return found
end

describe("attention as PyTorch's", function()
  for case, entry in pairs(cases) do
    it(case, function()
      local module, options = entry[1](), {}
      module:load_state_dict(stored(case, "param"))
      for name, value in pairs(entry[2] or {}) do options[name] = value end
      for name, mask in pairs(stored(case, "mask")) do
        options[name] = mask.dtype == "bool" and mask or mask:to("float32"):clone():requires_grad_()
      end
      local inputs = golden.inputs(values, case)
      local arguments = {table.unpack(inputs)}
      arguments[#arguments + 1] = options
      golden.check(values, case, {module(table.unpack(arguments))}, inputs)
      for name, want in pairs(stored(case, "dmask")) do
        golden.near("gradient of " .. name, options[name].grad, want)
      end
      -- The gradient of a key's bias is 0 but for rounding: an error is measured by the largest.
      for _, pair in ipairs(module:named_parameters()) do
        golden.near("gradient of " .. pair[1], pair[2].grad,
          values[case .. "/dparam." .. pair[1]])
      end
    end)
  end

  it("every golden case is used", function()
    for name in pairs(values) do
      local case = name:match "^(.*)/out1$"
      assert(not case or cases[case], "nothing compares " .. tostring(case))
    end
  end)
end)
