-- A DPM that is small enough for specs, queries and a gallery for it.
local vs = require "vesper"
local tiny_bert = require "spec.support.tiny_bert"

local models = vs.models
local dpm = {CLASSES = 4, WIDTH = 8}
local CLASSES, WIDTH = dpm.CLASSES, dpm.WIDTH

function dpm.new(more, name)
  vs.manual_seed(1)
  local o = {classes = CLASSES, width = WIDTH, channels = {4, 8}, dropout = 0,
    text = {vocab_size = 12, word_dim = 8}, bert = tiny_bert()}
  for key, value in pairs(more or {}) do o[key] = value end
  local model = models[name or "DPM"](o)
  model.prototypes:copy_(vs.randn(CLASSES, WIDTH):normalize())
  model.scale = 3
  return model
end

function dpm.int64(list) return vs.tensor(list, {dtype = "int64"}) end

function dpm.images(n)
  vs.manual_seed(2)
  return (vs.rand(n, 3, 16, 16) * 255):byte()
end

-- Two queries; kind is "image", "text" or "both".
function dpm.query(kind)
  local q = kind ~= "image" and {text = {"a red hat", "dog"},
    tokens = dpm.int64{{3, 8, 11}, {12, 1, 1}}, lengths = dpm.int64{3, 1}} or {}
  if kind ~= "text" then q.image = dpm.images(2) end
  return q
end

-- Seven images, none of category 3, the second and the fourth alike.
function dpm.gallery()
  vs.manual_seed(3)
  local v = vs.randn(7, WIDTH)
  v[4] = v[2]
  return {v = v, category = dpm.int64{1, 2, 1, 2, 4, 4, 1}}
end

function dpm.no_grad(fn, ...)
  local args = table.pack(...)
  return vs.no_grad(function() return fn(table.unpack(args, 1, args.n)) end)
end

return dpm
