-- No title and no picture stands in two splits of what a preparer writes, for every preparer; and
-- none leaves a split empty in silence.
local vs = require "vesper"
local heard = require "spec.support.heard"
local dataset = require "spec.support.dataset"
local reference = require "vesper.help.reference"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"

local prepare = vs.data.prepare

-- The text of a warning, without the prefix and the line of the script.
local function warning(said) return said:match "^vesper warning: .-: (.*)$" end

-- The text without case, punctuation and spaces, independent of the preparers' own way.
local function plain(text) return (text:lower():gsub("[%s%p]", "")) end

-- Each writes items with clashing titles and pictures into the folder root, prepares them as out,
-- and returns a function of a sample that gives the names that may not cross; and groups of splits
-- to compare, other than train, val and test.
local spoiled = {}

-- Pictures 1..n: number k shows what number k - 1 shows where k % 5 == 0.
local function picture(k) return dataset.picture(k % 5 == 0 and k - 1 or k, 6, 8) end
local function title(k)
  local forms = {"Thing number %d", "thing, number %d.", "THING-NUMBER  %d!"}
  return forms[k % 3 + 1]:format(k // 4)
end
local function pixels(sample) return table.concat(sample.image:flatten():tolist(), " ") end

function spoiled.folder(root, out)
  temp.subfolder(root .. "/images")
  local rows = {"id,title,kind"}
  for k = 1, 60 do
    assert(vs.image.save(("%s/images/%d.png"):format(root, k), picture(k)))
    rows[#rows + 1] = ('%d,"%s",%s'):format(k, title(k), k % 2 == 0 and "hat" or "cup")
    if k % 7 == 0 then rows[#rows + 1] = ('%d,"Again %d",%s'):format(k, k // 14,
      k % 2 == 0 and "hat" or "cup") end
  end
  temp.write(root .. "/products.csv", table.concat(rows, "\n") .. "\n")
  assert(prepare.folder(root, out, {image = "images/{id}.png", label = "kind", size = {6, 8},
    min_count = 1}))
  return function(sample) return {plain(sample.text), pixels(sample)} end
end

function spoiled.emoji(root, out)
  local base = root .. "/gemojione"
  temp.subfolder(base .. "/config")
  temp.subfolder(base .. "/assets/png")
  local index = {}
  for k = 1, 60 do
    local unicode = ("1F%03X"):format(k)
    index["e" .. k] = {unicode = unicode, name = title(k), category = "c", keywords = {}}
    assert(vs.image.save(("%s/assets/png/%s.png"):format(base, unicode), picture(k)))
  end
  assert(vs.io.json_save(base .. "/config/index.json", index))
  assert(prepare.emoji(root, out, {size = {6, 8}, min_count = 1}))
  return function(sample) return {plain(sample.text), pixels(sample)} end
end

function spoiled.openclipart(root, out)
  local base = root .. "/usr/share/openclipart"
  temp.subfolder(base .. "/png/a/b")
  temp.subfolder(base .. "/svg/a/b")
  for k = 1, 60 do
    assert(vs.image.save(("%s/png/a/b/%d.png"):format(base, k), picture(k)))
    temp.write(("%s/svg/a/b/%d.svg"):format(base, k), ([[<svg xmlns="http://www.w3.org/2000/svg"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><Work xmlns="w">
      <dc:title>%s</dc:title></Work></metadata></svg>]]):format(title(k)))
  end
  assert(prepare.openclipart(root, out, {size = {6, 8}, min_count = 1}))
  return function(sample) return {plain(sample.text), pixels(sample)} end
end

function spoiled.visual_genome(root, out)
  temp.subfolder(root .. "/VG_100K")
  local data, regions, objects = {}, {}, {}
  for k = 1, 60 do
    data[k] = {image_id = k, width = 8, height = 6, coco_id = k % 3 == 0 and k // 6 or nil}
    regions[k] = {id = k, regions = {{phrase = "a dog", x = 0, y = 0, width = 2, height = 2}}}
    objects[k] = {image_id = k, objects = {{names = {"dog"}}}}
    temp.write(("%s/VG_100K/%d.jpg"):format(root, k), vs.image.encode(picture(k), "jpg"))
  end
  for name, value in pairs {image_data = data, region_descriptions = regions,
    objects = objects} do
    assert(vs.io.json_save(("%s/%s.json"):format(root, name), value))
  end
  assert(prepare.visual_genome(root, out, {size = {6, 8}, attributes = 0, min_count = 1}))
  -- phrases as "a dog" are those of many pictures
  return function(sample)
    local k = tonumber(sample.id)
    return {pixels(sample), k % 3 == 0 and "coco" .. k // 6 or nil}
  end
end

function spoiled.coco(root, out)
  for which, first in pairs {train2014 = 1, val2014 = 101} do
    temp.subfolder(("%s/%s"):format(root, which))
    temp.subfolder(root .. "/annotations")
    local value = {images = {}, annotations = {}}
    for i = first, first + 39 do
      table.insert(value.images, {id = i, file_name = i .. ".jpg"})
      table.insert(value.annotations, {image_id = i, caption = "A caption"})
      -- what is in both files is COCO's own affair
      temp.write(("%s/%s/%d.jpg"):format(root, which, i),
        vs.image.encode(first == 1 and dataset.picture(200 + i % 50, 6, 8) or picture(i - 100),
          "jpg"))
    end
    assert(vs.io.json_save(("%s/annotations/captions_%s.json"):format(root, which), value))
  end
  assert(prepare.coco(root, out, {size = {6, 8}, test = 0.5, min_count = 1}))
  return function(sample) return {pixels(sample), sample.id} end
end

function spoiled.inshop(_, out)
  local copy = sets.copy "inshop"
  assert(prepare.inshop(copy, out, {size = 8, min_count = 1, val = 0.4}))
  return function(sample)
    -- query and gallery show the same items: they are compared with each other
    return {sample.item}
  end, {{"train", "val", "query"}, {"train", "val", "gallery"}}
end

function spoiled.fashiongen(_, out)
  assert(prepare.fashiongen(sets.folder .. "fashiongen_train.h5",
    sets.folder .. "fashiongen_validation.h5", out, {size = 8, min_count = 1, val = 0.4}))
  return function(sample) return {plain(sample.text), sample.item} end
end

function spoiled.karpathy(_, out)
  local copy = sets.copy "karpathy"
  assert(prepare.karpathy(copy .. "/dataset_coco.json", copy, out, {size = 8, min_count = 1}))
  return function(sample) return {sample.id} end
end

function spoiled.precomputed(_, out)
  assert(prepare.precomputed(sets.folder .. "precomputed", out, {min_count = 1}))
  return function(sample)
    return {table.concat((sample.regions or sample.feature):flatten():tolist(), " ")}
  end
end

describe("the splits of a preparer", function()
  teardown(temp.remove)

  -- Every data.prepare.NAME of the reference.
  local names = {}
  for _, entry in ipairs(reference.entries()) do
    names[#names + 1] = entry.name:match "^data%.prepare%.([%w_]+)$"
  end

  it("are checked for each", function()
    assert(#names >= 9)
    for _, name in ipairs(names) do assert(spoiled[name], name .. " has no case in this spec") end
  end)

  for name, make in pairs(spoiled) do
    it("have no title and no picture in common: " .. name, function()
      local root = temp.folder()
      local out = root .. "/out.h5"
      local of, groups = make(root, out)
      for _, splits in ipairs(groups or {{"train", "val", "test"}}) do
        local where, count = {}, {}
        for _, split in ipairs(splits) do
          for _, sample in ipairs((sets.samples(out, split))) do
            count[split] = (count[split] or 0) + 1
            for _, key in pairs(of(sample)) do
              assert(where[key] == nil or where[key] == split,
                ("%s is in %s and %s"):format(key, where[key], split))
              where[key] = split
            end
          end
        end
        for _, split in ipairs(splits) do assert(count[split], split .. " is empty") end
      end
    end)
  end
end)

describe("a preparer whose items cannot be divided", function()
  teardown(temp.remove)

  local function folder(titles, columns, rows)
    local root = temp.folder()
    temp.subfolder(root .. "/images")
    local lines = {columns or "id,title,label"}
    for k, text in ipairs(titles) do
      assert(vs.image.save(("%s/images/%d.png"):format(root, k), dataset.picture(k, 6, 8)))
      lines[#lines + 1] = ("%d,%s,%s"):format(k, text, rows and rows[k] or "x")
    end
    temp.write(root .. "/products.csv", table.concat(lines, "\n") .. "\n")
    return root
  end

  it("says which split is empty, with the counts", function()
    local root = folder {"red hat", "Red hat.", "RED  HAT", "cup"}
    local options = {image = "images/{id}.png", min_count = 1, size = 8}
    local said, s = heard(prepare.folder, root, root .. "/out.h5", options)
    assert.equal("prepare.folder: no images in test (train 1, val 3, test 0; 2 groups that cannot "
      .. "be divided)\n", warning(said))
    assert.matches("4 images (train 1, val 3, test 0), ", tostring(s), 1, true)
    root = folder {"red hat", "Red hat."}
    said = heard(prepare.folder, root, root .. "/out.h5", options)
    assert.equal("prepare.folder: no images in val and test (train 2, val 0, test 0; 1 group that "
      .. "cannot be divided)\n", warning(said))
  end)

  it("says so of a column with splits too, and is silent where no split is empty", function()
    local root = folder({"a", "b", "c"}, "id,title,split", {"train", "val", "train"})
    local options = {image = "images/{id}.png", min_count = 1, size = 8, label = false,
      split = "split"}
    local said = heard(prepare.folder, root, root .. "/out.h5", options)
    assert.equal("prepare.folder: no images in test (train 2, val 1, test 0)\n", warning(said))
    root = folder({"a", "b", "c"}, "id,title,split", {"train", "val", "test"})
    assert.equal("", (heard(prepare.folder, root, root .. "/out.h5", options)))
    root = folder {"a", "b", "c"}
    options.split = nil
    assert.equal("", (heard(prepare.folder, root, root .. "/out.h5", options)))
  end)
end)
