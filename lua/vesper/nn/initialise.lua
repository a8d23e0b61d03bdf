-- vs.nn.init: initialisation of parameters, with PyTorch's names.  Each function fills a tensor in
-- place, without recording, and returns it.
--
-- A weight is [out,in] or [out,in,kernel...]: its fan-in is in * kernel, its fan-out out * kernel.
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local init = {}

local function fill(name, tensor, fn)
  check.tensor("init." .. name, "the weight", tensor)
  core.no_grad(function() fn(tensor) end)
  return tensor
end

local function fans(name, tensor)
  local shape = core.is_tensor(tensor) and tensor.shape or {}
  if #shape < 2 then
    check.fail("init." .. name, "the weight is %s, expected at least 2 dimensions",
      text.kind(tensor))
  end
  local kernel = 1
  for i = 3, #shape do kernel = kernel * shape[i] end
  return shape[2] * kernel, shape[1] * kernel
end

-- Gains that compensate for the activation's reduction of the standard deviation.
local gains = {linear = 1, conv1d = 1, conv2d = 1, sigmoid = 1, tanh = 5 / 3,
  relu = math.sqrt(2), selu = 3 / 4}
local KNOWN_GAINS = {"linear", "conv1d", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"}

--- The gain for linear, conv1d, conv2d, sigmoid, tanh, relu, leaky_relu (with this negative slope)
-- or selu.
function init.calculate_gain(nonlinearity, slope)
  if nonlinearity == "leaky_relu" then return math.sqrt(2 / (1 + (slope or 0.01) ^ 2)) end
  check.kind("init.calculate_gain", "nonlinearity", nonlinearity, KNOWN_GAINS)
  return gains[nonlinearity]
end

function init.uniform_(tensor, low, high)
  return fill("uniform_", tensor, function(t) t:uniform_(low or 0, high or 1) end)
end

function init.normal_(tensor, mean, std)
  return fill("normal_", tensor, function(t) t:normal_(mean or 0, std or 1) end)
end

function init.constant_(tensor, value)
  return fill("constant_", tensor, function(t) t:fill_(value) end)
end

function init.zeros_(tensor) return fill("zeros_", tensor, function(t) t:zero_() end) end
function init.ones_(tensor) return fill("ones_", tensor, function(t) t:fill_(1) end) end

local function xavier_std(name, tensor, gain)
  local fan_in, fan_out = fans(name, tensor)
  return (gain or 1) * math.sqrt(2 / (fan_in + fan_out))
end

function init.xavier_uniform_(tensor, gain)
  local bound = math.sqrt(3) * xavier_std("xavier_uniform_", tensor, gain)
  return init.uniform_(tensor, -bound, bound)
end

function init.xavier_normal_(tensor, gain)
  return init.normal_(tensor, 0, xavier_std("xavier_normal_", tensor, gain))
end

local function kaiming_std(name, tensor, given)
  local o = options.read("init." .. name, given,
    {mode = "fan_in", nonlinearity = "leaky_relu", a = 0},
    {mode = {"fan_in", "fan_out"}, nonlinearity = KNOWN_GAINS, a = "number"})
  local fan_in, fan_out = fans(name, tensor)
  return init.calculate_gain(o.nonlinearity, o.a)
    / math.sqrt(o.mode == "fan_in" and fan_in or fan_out)
end

function init.kaiming_uniform_(tensor, given)
  local bound = math.sqrt(3) * kaiming_std("kaiming_uniform_", tensor, given)
  return init.uniform_(tensor, -bound, bound)
end

function init.kaiming_normal_(tensor, given)
  return init.normal_(tensor, 0, kaiming_std("kaiming_normal_", tensor, given))
end

-- Orthonormalises the rows in place (Gram-Schmidt, two passes because of float32 rounding).
local function orthonormal_rows(rows)
  for i = 1, rows.shape[1] do
    local row = rows[i]
    for _ = 1, i > 1 and 2 or 0 do
      local above = rows:slice(1, 1, i - 1)
      row = row - above:matmul(row:unsqueeze(2)):transpose(1, 2):matmul(above):squeeze(1)
    end
    rows[i] = row / (row ^ 2):sum():sqrt()
  end
  return rows
end

function init.orthogonal_(tensor, gain)
  fans("orthogonal_", tensor)
  return fill("orthogonal_", tensor, function(t)
    local rows = t.shape[1]
    local columns = t:numel() // rows
    local draw = core.randn(math.min(rows, columns), math.max(rows, columns))
    local q = orthonormal_rows(draw) * (gain or 1)
    t:copy_((rows <= columns and q or q:transpose(1, 2)):reshape(t.shape))
  end)
end

return init
