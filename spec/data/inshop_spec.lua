-- prepare.inshop on a made-up copy of its layout: items 1 to 8 with two training pictures each,
-- 9 to 11 with one query and one gallery picture; items 2i - 1 and 2i differ by colour alone.
local vs = require "vesper"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

local ANNO = "/Anno/list_%s_inshop.txt"
local PARTITION = "/Eval/list_eval_partition.txt"

describe("data.prepare.inshop", function()
  local folder, out
  before_each(function()
    folder = sets.copy "inshop"
    out = temp.folder() .. "/out.h5"
  end)
  teardown(temp.remove)

  local function prepare(options)
    return vs.data.prepare.inshop(folder, out, with({size = 8, min_count = 1}, options))
  end
  local function refused(want, options) sets.refused(want, out, prepare(options)) end

  -- Replaces `old` in a list, sees that it is refused, and puts the list back.
  local function refused_with(file, old, new, want)
    local path = folder .. file
    local whole = temp.read(path)
    sets.change(path, old, new)
    refused(want)
    temp.write(path, whole)
  end

  it("writes splits, items, categories and descriptions", function()
    assert.same({
      train = 12, val = 4, query = 3, gallery = 3, test = 0, classes = 3, vocab = 13,
      undescribed = 2, broken = 0, invalid = 0, captions = 22, skipped = 0,
    }, prepare())
    local list, set = sets.samples(out, "query")
    assert.same({"MEN/Denim", "WOMEN/Dresses", "WOMEN/Tees_Tanks"}, set:classes())
    assert.same({9, 10, 11}, {list[1].item, list[2].item, list[3].item})
    assert.equal("img/WOMEN/Dresses/id_00000009/01_1_front.jpg", list[1].id)
    assert.same({2, 1, 3}, {list[1].label, list[2].label, list[3].label})
    assert.equal("Black. A knit number 5. - 100% cotton", list[1].text)
    assert.equal("Crème. A knit number 5. - 100% cotton", list[2].text)
    assert.near(180, list[1].image:float():mean():item(), 3)
    local gallery = sets.samples(out, "gallery")
    assert.same({9, 10, 11}, {gallery[1].item, gallery[2].item, gallery[3].item})
    assert.same({9, 10}, set:batch({1, 2}).item:tolist())
    local seen = {}
    for _, split in ipairs {"train", "val"} do
      for _, sample in ipairs((sets.samples(out, split))) do seen[sample.item] = sample.text end
    end
    assert.equal("women tees tanks", seen[5]) -- which has no description
    assert.equal(8, #seen)
  end)

  it("puts boxes and landmarks where they belong, as fractions of the picture", function()
    assert(prepare())
    local list, set = sets.samples(out, "query") -- a dress, trousers, a shirt, each 16 x 8 pixels
    assert.same({{0.25, 0.25, 0.75, 1}}, list[1].boxes:tolist())
    assert.equal(1, list[1].region_count)
    local none = {0, 0, 3}
    local function point(k) return {2 * k / 16, k / 8, k % 3} end
    local p = {}
    for k = 0, 7 do p[k] = point(k) end
    assert.same({p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]}, list[1].landmark:tolist())
    assert.same({none, none, none, none, p[0], p[1], p[2], p[3]}, list[2].landmark:tolist())
    assert.same({p[0], p[1], p[2], p[3], none, none, p[4], p[5]}, list[3].landmark:tolist())
    assert.same({{1, 2}, {3, 4}, {5, 6}, {7, 8}}, set:landmark_pairs())
  end)

  it("divides train by seed, and neither items nor descriptions cross", function()
    local seen = {}
    for seed = 1, 4 do
      local s = assert(prepare {seed = seed, val = 0.3})
      assert.equal(16, s.train + s.val)
      assert.is_true(s.val >= 2 and s.val <= 6)
      assert.equal(16, sets.never_cross(out, {"train", "val"}, function(x) return x.item end))
      local key = {}
      for _, x in ipairs((sets.samples(out, "val"))) do key[#key + 1] = x.item end
      seen[table.concat(key, " ")] = true
    end
    assert.is_true(next(seen, next(seen)) ~= nil, "the seed decides nothing")
    -- item 4 gets the text of item 1
    local path = folder .. "/Anno/list_description_inshop.json"
    sets.change(path, "Cr\\u00e8me\", \"description\": [\"A knit number 2",
      "BLACK\", \"description\": [\"A knit number 1")
    for seed = 1, 4 do
      assert(prepare {seed = seed, val = 0.3})
      sets.never_cross(out, {"train", "val"}, function(x) return x.text:lower() end)
    end
  end)

  it("does without boxes and landmarks", function()
    os.remove(folder .. ANNO:format "bbox")
    os.remove(folder .. ANNO:format "landmarks")
    refused "list_bbox_inshop.txt: No such file"
    assert(prepare {boxes = false, landmarks = false})
    local list = sets.samples(out, "gallery")
    assert.is_nil(list[1].boxes)
    assert.is_nil(list[1].landmark)
  end)

  it("gives the retrieval by item its numbers", function()
    assert(prepare())
    local query = vs.data.open(out, "query", {captions = "first"}):batch {1, 2, 3}
    local gallery = vs.data.open(out, "gallery", {captions = "first"}):batch {3, 1, 2}
    local v = vs.eye(4):slice(1, 1, 3)
    local r = vs.metrics.item_retrieval(v, query.item, v:index_select(1,
      vs.tensor({3, 1, 2}, {dtype = "int64"})), gallery.item)
    assert.equal(100, r.r1)
  end)

  it("names file and line of a broken list", function()
    local landmarks, bbox, item = ANNO:format "landmarks", ANNO:format "bbox", ANNO:format "item"
    refused_with(landmarks, "1  0 0 0 1 2 1", "1  0 0 0 1 2",
      "list_landmarks_inshop.txt:3: 11 fields after the types, expected 12: 4 landmarks for "
        .. "lower body")
    refused_with(landmarks, "  1  1  0 0 0", "  3  1  0 0 0",
      ":5: 18 fields after the types, expected 24: 8 landmarks for full body")
    refused_with(landmarks, "  1  1  0 0 0", "  4  1  0 0 0",
      ":5: clothes_type is 4, expected 1, 2 or 3")
    refused_with(landmarks, "  1  1  0 0 0", "  1  1  5 0 0",
      ":5: visibility of landmark 1 is 5, expected 0, 1 or 2")
    refused_with(landmarks, "  1  1  0 0 0", "  1  1  0 x 0",
      ":5: field 5 is 'x', expected a number")
    refused_with(bbox, "4 2 12 8", "4 2 12", "list_bbox_inshop.txt:3: 6 fields, expected 7")
    refused_with(bbox, "4 2 12 8", "4 2 12 y", ":3: field 7 is 'y', expected a number")
    refused_with(bbox, "x_1", "x1", "list_bbox_inshop.txt:2: column 4 is 'x1', expected x_1")
    refused_with(bbox, "22\n", "23\n",
      "list_bbox_inshop.txt:1: the number of rows is 23, expected 22")
    refused_with(bbox, "22\n", "many\n", "list_bbox_inshop.txt:1: expected the number of rows")
    refused_with(item, "id_00000003", "id_00000002",
      "list_item_inshop.txt:4: duplicate item id_00000002")
    refused_with(item, "id_00000003", "id_000\xE900003", "list_item_inshop.txt:4: not UTF-8")
    refused_with(PARTITION, "query", "test",
      "list_eval_partition.txt:19: evaluation_status is 'test', expected train, query or gallery")
    refused_with(PARTITION, "id_00000001 train", "id_99999999 train",
      ":3: id_99999999 is not in list_item_inshop.txt")
    refused_with(PARTITION, "id_00000001 train", "train", ":3: 2 fields, expected 3")
    refused_with(PARTITION, "img/MEN", "MEN", "expected img/CATEGORY/ITEM/PICTURE, got MEN/")
    refused_with(PARTITION, "01_1_front", "99_1_front", "is not in list_")
    refused_with(PARTITION, "item_id", "item", ":2: column 2 is 'item', expected item_id")
    refused_with("/Anno/list_description_inshop.json", '"item": "id_00000002"', '"thing": 2',
      "list_description_inshop.json: element 2 has no item")
    refused_with("/Anno/list_description_inshop.json", '["A knit number 1.', '[7, "',
      "list_description_inshop.json: element 1 has a description that is not a string")
    assert(prepare())
  end)

  it("names the file that is cut", function()
    for _, file in ipairs {ANNO:format "landmarks", ANNO:format "bbox", ANNO:format "item",
      PARTITION, "/Anno/list_description_inshop.json"} do
      local path = folder .. file
      local whole = temp.read(path)
      for _, part in ipairs {0, 0.2, 0.5, 0.9} do
        temp.write(path, whole:sub(1, math.floor(part * #whole)))
        refused(file:match "[^/]+$")
      end
      os.remove(path)
      refused(file:match "[^/]+$" .. ": No such file")
      temp.write(path, whole)
    end
  end)

  it("stops at a picture that is missing or broken, or counts it", function()
    local picture = folder .. "/Img/img/MEN/Denim/id_00000010/02_2_front.jpg"
    sets.cut(picture, 60)
    refused "id_00000010/02_2_front.jpg: "
    refused "list_eval_partition.txt, line 22)"
    os.remove(picture)
    refused "id_00000010/02_2_front.jpg: No such file"
    local s = assert(prepare {skip_broken = true})
    assert.same({2, 1, 1}, {s.gallery, s.broken, s.skipped})
  end)
end)
