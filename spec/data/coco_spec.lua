-- prepare.coco on small files of COCO's captions.
local vs = require "vesper"
local dataset = require "spec.support.dataset"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

describe("data.prepare.coco", function()
  local folder, out
  before_each(function()
    folder = temp.folder()
    out = folder .. "/out.h5"
    temp.subfolder(folder .. "/annotations")
  end)
  teardown(temp.remove)

  -- n images with two captions each, numbered from `first`
  local function write(which, first, n, change)
    local value = {info = {year = 2014}, images = {}, licenses = {}, annotations = {}}
    temp.subfolder(folder .. "/" .. which)
    for i = first, first + n - 1 do
      local name = ("COCO_%s_%012d.jpg"):format(which, i)
      value.images[#value.images + 1] = {id = i, file_name = name, height = 6, width = 8}
      local picture = vs.image.encode(dataset.picture(i, 6, 8), "jpg")
      temp.write(("%s/%s/%s"):format(folder, which, name), picture)
      for k = 1, 2 do
        table.insert(value.annotations, 1, -- in another order than the images
          {image_id = i, id = 10 * i + k, caption = ("Picture %d, caption %d.\n"):format(i, 3 - k)})
      end
    end
    if change then change(value) end
    assert(vs.io.json_save(("%s/annotations/captions_%s.json"):format(folder, which), value))
  end
  local function prepare(options)
    return vs.data.prepare.coco(folder, out, with({size = 8, min_count = 1}, options))
  end

  it("reads images and their captions, and divides val", function()
    write("train2014", 1, 6)
    write("val2014", 101, 10)
    local s = assert(prepare())
    assert.same({6, 10, 0, 32, 0}, {s.train, s.val, s.test, s.captions, s.classes})
    assert.matches("16 images (train 6, val 10), 32 captions, no classes", tostring(s), 1, true)
    local list, set = sets.samples(out, "train")
    assert.equal("COCO_train2014_000000000002.jpg", list[2].id)
    assert.same({"Picture 2, caption 1.", "Picture 2, caption 2."}, set:captions(2))
    assert.near(2, list[2].image:float():mean():item(), 3)
    s = assert(prepare {test = 0.5, captions = 1, seed = 3})
    assert.same({6, 5, 5, 16}, {s.train, s.val, s.test, s.captions})
  end)

  it("reads other files as splits", function()
    write("train2014", 1, 3)
    write("val2014", 101, 2)
    write("val2017", 201, 2)
    local s = assert(prepare {splits = {train = "annotations/captions_train2014.json",
      val = "annotations/captions_val2014.json",
      test = folder .. "/annotations/captions_val2017.json"}})
    assert.same({3, 2, 2}, {s.train, s.val, s.test})
  end)

  it("reads features beside images or in their place", function()
    write("train2017", 1, 3)
    write("val2017", 101, 2)
    vs.npy.save(folder .. "/train.npy", vs.arange(1, 12):reshape(3, 4):float())
    vs.npy.save(folder .. "/val.npy", vs.arange(1, 8):reshape(2, 4):float())
    local features = {train = folder .. "/train.npy", val = folder .. "/val.npy"}
    assert(prepare {features = features})
    local list = sets.samples(out, "train")
    assert.same({5, 6, 7, 8}, list[2].feature:long():tolist())
    assert.same({3, 8, 8}, list[2].image.shape)
    vs.npy.save(folder .. "/train.npy", vs.ones(3, 2, 4))
    vs.npy.save(folder .. "/val.npy", vs.ones(2, 2, 4))
    assert(os.execute(("rm -r '%s/train2017' '%s/val2017'"):format(folder, folder)))
    assert(prepare {features = features, images = false})
    list = sets.samples(out, "val")
    assert.same({2, 4}, list[2].regions.shape)
    assert.is_nil(list[2].image)
    sets.refused("train2017", folder .. "/none", prepare {features = features})
    vs.npy.save(folder .. "/val.npy", vs.ones(3, 2, 4))
    assert.matches("val.npy: is float32 [3,2,4], expected float32 [2,D] or [2,R,D]",
      select(2, prepare {features = features, images = false}), 1, true)
    assert.error_matches(function() prepare {images = false} end, "images is false, expected feat")
    assert.error_matches(function() prepare {features = {train = "x"}} end, "the split val")
    assert.error_matches(function() prepare {test = 2} end, "test is 2")
  end)

  it("names what is wrong, and where", function()
    assert.matches("has no annotations/captions_train2017.json", select(2, prepare()), 1, true)
    write("val2014", 101, 2)
    local function refused(want, change)
      write("train2014", 1, 2, change)
      sets.refused(want, out, prepare())
    end
    refused("images: element 2 lacks id or file_name", function(v) v.images[2].id = nil end)
    refused("images: element 2 is image 1, as is ", function(v) v.images[2].id = 1 end)
    refused("images: element 1 is image 101, as is ", function(v)
      v.images = {{id = 101, file_name = "COCO_train2014_000000000001.jpg"}}
      v.annotations = {{image_id = 101, caption = "x"}}
    end)
    refused("images: element 1 has file_name x.jpg, which is neither in ", function(v)
      v.images[1].file_name = "x.jpg"
    end)
    refused("annotations: element 1 has image_id 9, which is not in images", function(v)
      v.annotations[1].image_id = 9
    end)
    refused("annotations: element 3 has no caption", function(v) v.annotations[3].caption = nil end)
    refused("has no \"annotations\"", function(v) v.annotations = nil end)
    write("train2014", 1, 3, function(v)
      v.images[1].file_name = "x.jpg"
      v.annotations[1].caption, v.annotations[2].caption = " ", ""
    end)
    local s = assert(prepare {skip_broken = true})
    assert.same({1, 1, 1, 2}, {s.train, s.missing, s.undescribed, s.skipped})
  end)
end)
