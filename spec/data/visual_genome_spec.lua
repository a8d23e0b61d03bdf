-- prepare.visual_genome on a made-up copy of its layout: 12 images, in turn with a tree, a car and
-- a dog as what they have most of; images 10 and 11 are of one photograph.
local vs = require "vesper"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

describe("data.prepare.visual_genome", function()
  local folder, out
  before_each(function()
    folder = sets.copy "visual_genome"
    out = temp.folder() .. "/out.h5"
  end)
  teardown(temp.remove)

  local function prepare(options)
    return vs.data.prepare.visual_genome(folder, out, with({size = 8, min_count = 1}, options))
  end
  local function refused(want, options) sets.refused(want, out, prepare(options)) end

  it("writes phrases, boxes, classes and tags", function()
    assert.same({
      train = 9, val = 3, test = 0, classes = 3, vocab = 20, tags = 6, missing = 0,
      undescribed = 0, unlabelled = 0, broken = 0, invalid = 0, captions = 36, skipped = 0,
    }, prepare {test = 0, val = 0.25})
    local list, set = sets.samples(out, "train")
    assert.same({"car", "dog", "tree"}, set:classes())
    assert.same({"object sky", "object car", "object dog", "object tree", "attribute brown",
      "attribute large"}, set:tags())
    for i, sample in ipairs(list) do
      local name = ({"tree", "car", "dog"})[(tonumber(sample.id) - 1) % 3 + 1]
      assert.equal(name, set:classes()[sample.label])
      assert.same({"A brown " .. name, ("the %s number %s"):format(name, sample.id), "café sign"},
        set:captions(i))
      assert.equal(3, sample.region_count)
      -- of 16 x 8 pixels; the second region repeats the first one's phrase, the fourth has none
      assert.same({{0, 0.25, 0.5, 0.75}, {0.5, 0.25, 1, 0.75}, {1, 0.25, 1, 0.75}},
        sample.boxes:slice(1, 1, 3):tolist())
      local has = sample.tags:tolist()
      assert.equal(1, has[1])
      assert.equal(tonumber(sample.id) % 2, has[6])
      assert.near(10 * tonumber(sample.id), sample.image:float():mean():item(), 3)
    end
  end)

  it("splits by seed, a test part first, and no photograph across", function()
    local s = assert(prepare {test = 0.25, val = 0.33})
    assert.equal(12, s.train + s.val + s.test)
    assert.is_true(s.val >= 2 and s.test >= 2)
    local of = function(sample)
      local id = tonumber(sample.id)
      return id > 8 and "photograph " .. id // 2 or id
    end
    assert.equal(12, sets.never_cross(out, {"train", "val", "test"}, of))
  end)

  it("takes a subset that the seed decides", function()
    local function ids(seed)
      local list = {}
      assert(prepare {images = 5, test = 0, val = 0, seed = seed})
      for i, sample in ipairs((sets.samples(out, "train"))) do list[i] = sample.id end
      assert.equal(5, #list)
      return list
    end
    local first = ids(1)
    assert.same(first, ids(1))
    assert.not_same(first, ids(2))
  end)

  it("reads older files, whose images are called id, and fewer regions", function()
    for _, name in ipairs {"image_data", "objects", "attributes"} do
      local path = ("%s/%s.json"):format(folder, name)
      temp.write(path, (temp.read(path):gsub('"image_id"', '"id"')))
    end
    assert(prepare {test = 0, val = 0, regions = 1, attributes = 0, objects = 2})
    local list, set = sets.samples(out, "train")
    assert.equal(12, #list)
    assert.same({"object sky", "object car"}, set:tags())
    assert.same({1, 4}, {list[1].boxes.shape[1], list[1].boxes.shape[2]})
    assert.equal(1, #set:captions(1))
  end)

  it("leaves out and counts images without phrases, or without an object of a class", function()
    local path = folder .. "/region_descriptions.json"
    sets.change(path, temp.read(path):match '"id": 1, "regions": (%b[])', "[]")
    sets.change(folder .. "/objects.json",
      temp.read(folder .. "/objects.json"):match '"image_id": 2.-"objects": (%b[])', "[]")
    local s = assert(prepare())
    assert.equal(1, s.undescribed)
    assert.equal(1, s.unlabelled)
    assert.equal(2, s.skipped)
    assert.equal(10, s.train + s.val + s.test)
  end)

  it("stops at a picture that is missing or broken, or counts it", function()
    os.remove(folder .. "/VG_100K_2/4.jpg")
    refused "VG_100K/4.jpg: no such file, nor in VG_100K_2 ("
    refused "image_data.json, image 4)"
    local s = assert(prepare {skip_broken = true})
    assert.equal(1, s.missing)
    assert.equal(11, s.train + s.val + s.test)
    os.remove(out)
    s = assert(prepare {skip_broken = true, images = 11}) -- another one comes in its place
    assert.equal(11, s.train + s.val + s.test)
    os.remove(out)
    sets.cut(folder .. "/VG_100K/5.jpg", 100)
    temp.write(folder .. "/VG_100K_2/4.jpg", temp.read(folder .. "/VG_100K_2/6.jpg"))
    refused "VG_100K/5.jpg: "
    s = assert(prepare {skip_broken = true})
    assert.same({1, 0, 1}, {s.broken, s.missing, s.skipped})
  end)

  it("names file and place of JSON that is cut, of another form, or not UTF-8", function()
    for _, name in ipairs {"image_data", "region_descriptions", "objects", "attributes"} do
      local path = ("%s/%s.json"):format(folder, name)
      local whole = temp.read(path)
      for _, n in ipairs {0, 1, #whole // 3, #whole // 2, #whole - 1} do
        temp.write(path, whole:sub(1, n))
        refused(name .. ".json: ")
      end
      sets.refused("byte " .. #whole .. ": the file ends here", out, prepare())
      temp.write(path, '{"a": 1}')
      refused(name .. ".json: byte 1: expected [, an array")
      temp.write(path, '[{"image_id": 1}]')
      refused(name .. ".json: element 1")
      temp.write(path, "[7]")
      refused(name .. ".json: element 1 has no image_id")
      temp.write(path, whole:sub(1, 30) .. "\xE9" .. whole:sub(31))
      refused(name .. ".json: element 1, byte ")
      os.remove(path)
      refused(name .. ".json: No such file")
      temp.write(path, whole)
    end
    sets.change(folder .. "/image_data.json", '"image_id": 2,', '"image_id": 1,')
    refused "image_data.json: element 2 is a duplicate of image 1"
    sets.change(folder .. "/image_data.json", '"image_id": 1,', '"image_id": 2,')
    sets.change(folder .. "/region_descriptions.json", '"x": 8', '"x": "8"')
    refused "region_descriptions.json: element 1 (image 1): region 3 lacks x, y, width or height"
    sets.change(folder .. "/region_descriptions.json", '"phrase": "A', '"p": "A')
    refused "(image 1): region 1 has no phrase"
  end)

  it("refuses options that it does not know", function()
    assert.error_matches(function() prepare {region = 3} end, "unknown option 'region'")
  end)
end)
