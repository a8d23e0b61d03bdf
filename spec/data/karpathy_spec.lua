-- prepare.karpathy on a made-up copy of dataset_coco.json: six images, one of them in restval.
local vs = require "vesper"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

describe("data.prepare.karpathy", function()
  local folder, json, out
  before_each(function()
    folder = sets.copy "karpathy"
    json, out = folder .. "/dataset_coco.json", temp.folder() .. "/out.h5"
  end)
  teardown(temp.remove)

  local function prepare(options)
    return vs.data.prepare.karpathy(json, folder, out, with({size = 8, min_count = 1}, options))
  end
  local function refused(want, options) sets.refused(want, out, prepare(options)) end

  it("keeps the splits, with restval in train", function()
    assert.same({
      train = 4, val = 1, test = 1, classes = 0, vocab = 13, undescribed = 0, broken = 0,
      invalid = 0, captions = 30, skipped = 0,
    }, prepare())
    local list, set = sets.samples(out, "train")
    assert.equal("coco", set.name)
    assert.same({"COCO_1.jpg", "COCO_2.jpg", "COCO_3.jpg", "COCO_6.jpg"},
      {list[1].id, list[2].id, list[3].id, list[4].id})
    assert.equal("A café number 2 from side 4.", set:captions(2)[5])
    assert.near(60, list[2].image:float():mean():item(), 3)
    assert.is_nil(list[1].label)
    assert.same({}, set:classes())
    assert.equal(20, #vs.data.open(out, "train"))
    -- number 5 stands in test alone
    assert.same({"0", "1", "2", "3", "4", "6", "a", "café", "from", "number", "side"},
      table.move(set:vocab(), 3, 13, 1, {}))
  end)

  it("takes fewer sentences, and restval elsewhere", function()
    local s = assert(prepare {captions = 2, restval = "val"})
    assert.same({3, 2, 1}, {s.train, s.val, s.test})
    assert.equal(6, #vs.data.open(out, "train"))
    assert.error_matches(function() prepare {restval = "none"} end, "restval is 'none', expected")
  end)

  it("leaves out images without a sentence", function()
    local bytes = temp.read(json)
    sets.change(json, bytes:match '"sentences": (%b[])', "[]")
    local s = assert(prepare())
    assert.same({3, 1, 1}, {s.train, s.undescribed, s.skipped})
  end)

  it("names what is broken", function()
    local function refused_with(old, new, want)
      local whole = temp.read(json)
      sets.change(json, old, new)
      refused("dataset_coco.json: " .. want)
      temp.write(json, whole)
    end
    refused_with('"split": "val"', '"split": "dev"',
      "element 4 has split 'dev', expected train, val, test or restval")
    refused_with('"raw"', '"text"', "element 1 has a sentence without raw")
    refused_with('"filename"', '"file"', "element 1 has no filename")
    refused_with('"sentences"', '"captions"', "element 1 has no sentences")
    refused_with('"images"', '"pictures"', 'has no "images"')
    refused_with("caf", "caf\xE9", "element 1, byte ")
    local whole = temp.read(json)
    for _, part in ipairs {0, 0.3, 0.6, 0.999} do
      temp.write(json, whole:sub(1, math.floor(part * #whole)))
      refused "dataset_coco.json: "
    end
    temp.write(json, whole)
    os.remove(folder .. "/val2014/COCO_5.jpg")
    refused "val2014/COCO_5.jpg: No such file"
    refused "dataset_coco.json, element 5)"
    local s = assert(prepare {skip_broken = true})
    assert.same({0, 1, 1}, {s.test, s.broken, s.skipped})
  end)
end)
