-- Fuzz target: the folder of a model.  The first byte says which of its two files the others
-- replace; the other file is whole.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local folder = (...) .. "/model"
local FILES = {"model.json", "model.safetensors"}
local whole = {}

local Tower = vs.nn.Module:extend "Tower"
function Tower:init(width, options)
  self.out, self.region_width, self.shift = vs.nn.Linear(3, width), 3, options.shift
end
function Tower:forward(x)
  local v = self.out(x:float():mean({3, 4}) + self.shift)
  return v, x:float():flatten(3):transpose(2, 3), {x.shape[3], x.shape[4]}
end

-- A folder whose id is the same in every run, so that inputs can hold it.
local function prepare()
  vs.manual_seed(1)
  local model = vs.models.VSE{classes = 2, width = 4, image = vs.models.JoinedEncoder{
    Tower(4, {shift = 2}), vs.models.SmallCNN(4, {channels = {2}, pooling = "gpo"})},
    text = {vectors = vs.ones(4, 2), hidden = 2}, weights = {contrast = 1}, warmup = math.huge}
  assert(vs.models.save(model, folder, {vocab = {"<pad>", "<unk>", "a", "hat"},
    classes = {"cup", "hat"}, image_size = 4, licence = "CC0"}))
  local id = assert(vs.io.json_load(folder .. "/model.json")).id
  for _, name in ipairs(FILES) do
    whole[name] = support.with_fixed_id(support.read_file(folder .. "/" .. name), id)
    support.write(folder .. "/" .. name, whole[name])
  end
end

local options = {modules = {Tower = Tower}}
prepare()
assert(vs.models.load(folder, options))

local target = {}

function target.run(bytes)
  local place = bytes:byte() or 0
  local name = FILES[place % 2 + 1]
  local content = name == FILES[1] and bytes:sub(2) or support.safetensors(bytes:sub(2))
  support.write(folder .. "/" .. name, content)
  local model = support.try(vs.models.load, folder, options)
  if model and model.encode_texts and model.about then
    support.try(model.encode_texts, model, {"a hat", ""})
  end
  support.write(folder .. "/" .. name, whole[name])
end

--- The inputs that leave the folder as it is, and small ones.
function target.seeds()
  local bytes = whole[FILES[2]]
  local length = string.unpack("<I8", bytes)
  local small = '{"format": "vesper model", "version": 1, "id": "fuzz", "model": %s}'
  return {
    "0" .. whole[FILES[1]],
    "1" .. bytes:sub(9, 8 + length) .. "\n" .. bytes:sub(9 + length),
    "0" .. small:format '{"class": "SmallCNN", "args": [4, {"channels": [2]}]}',
    "0" .. small:format '{"class": "BERT", "args": [{"hidden_size": 4}], "extra": {"tokens": []}}',
    "0" .. small:format '{"class": "ResNet18", "args": [{"num_classes": 0, "width": 4}]}',
    "0" .. small:format '{"class": "Tower", "own": true, "args": [4, {"shift": 1}]}',
  }
end

return target.run, target.seeds
