-- Shared by CNNs with published weights: normalisation of images, reading weights from a file.
local core = require "vesper.core"
local data = require "vesper.data"
local tables = require "vesper.util.tables"

local pretrained = {}

--- Images as input of a CNN: resized to o.size (a number, {height, width}, or nil: not resized) and
-- normalised with o.mean and o.std.
function pretrained.prepare(images, o)
  local size = type(o.size) == "number" and {o.size, o.size} or o.size
  images = images:float()
  if size and (images.shape[3] ~= size[1] or images.shape[4] ~= size[2]) then
    images = images:interpolate(size, {mode = "bilinear"})
  end
  return data.normalize(images, o.mean, o.std)
end

--- The results of an image encoder for the last feature map [B,C,H,W]: its mean [B,C], mapped by
-- `out` if given; its cells [B,H*W,C]; and {H, W}.
function pretrained.pooled(map, out)
  local regions = map:flatten(3)
  local v = regions:mean(3)
  return out and out(v) or v, regions:transpose(2, 3), {map.shape[3], map.shape[4]}
end

--- The tensors of a .safetensors file, or of a file of torch.save; or nil and a message.
function pretrained.read(path, key, strip_prefix)
  if path:find "%.safetensors$" or path:find "%.safetensors%.index%.json$" then
    return core.load(path)
  end
  return core.load_pth(path, {key = key, strip_prefix = strip_prefix})
end

-- Adds to dict what a file may lack: the batch counts of batch norm (absent in old files), the map
-- `out`, and a head of another size, which stays newly initialised.
local function fill_in(dict, state, head)
  local theirs, ours = dict[head .. ".weight"], state[head .. ".weight"]
  local fresh = not theirs or not ours or theirs.shape[1] ~= ours.shape[1]
  for _, part in ipairs {".weight", ".bias"} do
    if fresh then dict[head .. part] = state[head .. part] end
  end
  for name, tensor in pairs(state) do
    local optional = name:find "num_batches_tracked$" or name:find "^out%."
    if optional and not dict[name] then dict[name] = tensor end
  end
end

--- A model of this class with the weights of a file.  num_classes: default as in the file; with
-- another number the head stays newly initialised; 0: no head.  If the file does not fit, returns
-- nil and a message that lists the missing, unexpected and mismatched tensors.
function pretrained.load(class, head, path, given)
  local o = tables.merge(given)
  local dict, why = pretrained.read(path, o.key, o.strip_prefix)
  o.key, o.strip_prefix = nil, nil
  if not dict then return nil, why end
  local weight = dict[head .. ".weight"]
  o.num_classes = o.num_classes or weight and weight.shape[1] or 0
  local model = class(o)
  fill_in(dict, model:state_dict(), head)
  local ok, misfit = pcall(model.load_state_dict, model, dict)
  if not ok then
    return nil, ("%s: %s"):format(path, tostring(misfit):gsub("^.-load_state_dict: ", ""))
  end
  return model
end

return pretrained
