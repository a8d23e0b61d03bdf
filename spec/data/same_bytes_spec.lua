-- The same data give the same file, byte by byte, whenever they are written.
local vs = require "vesper"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

local prepare = vs.data.prepare

-- Writes everything that a file can hold.
local function write_all(out, options)
  local w <close> = assert(vs.data.Writer(out, with({
    name = "all", classes = {"cup", "hat"}, tags = {"red"}, half = true, split_seed = 3,
    vocab = {"<pad>", "<unk>", "hat"}, vectors = vs.ones(3, 2),
  }, options)))
  for i = 1, 30 do
    for _, split in ipairs {"train", "val"} do
      local picture = vs.full({3, 4, 5}, i, {dtype = "uint8"})
      assert(w:add(split, {
        image = split == "train" and picture or nil,
        image_bytes = split == "val" and vs.image.encode(picture, "png") or nil,
        label = i % 2 + 1, item = i, tags = {1}, id = ("i"):rep(i), captions = {"a hat", "hat"},
        landmark = vs.ones(2, 3), regions = vs.ones(i % 3 + 1, 4):mul(i),
        boxes = vs.zeros(i % 3 + 1, 4), feature = vs.ones(6):mul(i),
      }))
    end
  end
  return w:close()
end

local WRITE = {
  writer = function(out) return write_all(out, {regions = 3}) end,
  compressed = function(out) return write_all(out, {regions = 3, compress = 6, chunk = 7}) end,
  karpathy = function(out)
    local folder = sets.folder .. "karpathy"
    return prepare.karpathy(folder .. "/dataset_coco.json", folder, out, {size = 8, compress = 4})
  end,
  inshop = function(out) return prepare.inshop(sets.folder .. "inshop", out, {size = 8}) end,
  visual_genome = function(out)
    return prepare.visual_genome(sets.folder .. "visual_genome", out, {size = 8})
  end,
  fashiongen = function(out)
    return prepare.fashiongen(sets.folder .. "fashiongen_train.h5",
      sets.folder .. "fashiongen_validation.h5", out, {size = 4})
  end,
  precomputed = function(out) return prepare.precomputed(sets.folder .. "precomputed", out) end,
}

describe("a data-set file", function()
  local folder, first, begun
  setup(function()
    folder, first = temp.folder(), {}
    for name, write in pairs(WRITE) do
      local path = ("%s/%s.h5"):format(folder, name)
      assert(write(path))
      first[name] = temp.read(path)
    end
    begun = os.time()
  end)
  teardown(temp.remove)

  for name, write in pairs(WRITE) do
    it("has the same bytes in another second: " .. name, function()
      while os.time() < begun + 1 do os.execute "sleep 0.1" end
      local path = ("%s/again_%s.h5"):format(folder, name)
      assert(write(path))
      assert.is_true(temp.read(path) == first[name])
    end)
  end
end)
