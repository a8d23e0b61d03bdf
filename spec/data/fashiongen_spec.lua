-- prepare.fashiongen on made-up files of its layout: products 100 to 109 with two or three pictures
-- each, of which the second file has those from 108.
local vs = require "vesper"
local sets = require "spec.support.sets"
local temp = require "spec.support.temp"
local with = require "spec.support.with"

local TRAIN = sets.folder .. "fashiongen_train.h5"
local TEST = sets.folder .. "fashiongen_validation.h5"

describe("data.prepare.fashiongen", function()
  local out
  before_each(function() out = temp.folder() .. "/out.h5" end)
  teardown(temp.remove)

  local function prepare(options, train, test)
    return vs.data.prepare.fashiongen(train or TRAIN, test or TEST, out,
      with({size = 4, min_count = 1}, options))
  end
  local function refused(want, train, test) sets.refused(want, out, prepare({}, train, test)) end

  it("writes pictures, texts in UTF-8, categories and products", function()
    assert.same({
      train = 15, val = 5, test = 6, classes = 2, vocab = 16, tags = 2, crossing = 4,
      skipped = 4, broken = 0, invalid = 0, captions = 26,
    }, prepare())
    local list, set = sets.samples(out, "test")
    assert.same({"JEANS", "SHIRTS"}, set:classes())
    assert.same({"Jeans slim", "Shirts slim"}, set:tags())
    assert.equal("108/1", list[1].id)
    assert.equal("Rosé shirt 108. Cotton, crème piping, no. 108.", list[1].text)
    assert.same({2, {0, 1}}, {list[1].label, list[1].tags:tolist()})
    assert.equal(list[1].item, list[2].item)
    assert.not_equal(list[1].item, list[3].item)
    -- the file has rows of {red, green, blue}
    for i, sample in ipairs(list) do
      local product, row = sample.id:match "(%d+)/(%d+)"
      assert.equal(i, tonumber(row))
      local view = product == "108" and i - 1 or i - 3
      if product ~= "110" then
        assert.same({tonumber(product), view * 10, i - 1}, {sample.image[1]:max():item(),
          sample.image[2]:max():item(), sample.image[3]:max():item()})
      end
    end
  end)

  it("takes names, descriptions or both", function()
    assert(prepare {text = "name"})
    assert.equal("Rosé shirt 108", (sets.samples(out, "test"))[1].text)
    assert(prepare {text = "description"})
    assert.equal("Cotton, crème piping, no. 108.", (sets.samples(out, "test"))[1].text)
    assert.error_matches(function() prepare {text = "all"} end, "text is 'all', expected name")
  end)

  it("keeps products together, and leaves out those of the second file", function()
    for seed = 1, 3 do
      local s = assert(prepare {seed = seed, val = 0.4})
      assert.is_true(s.val >= 5 and s.val <= 11)
      assert.equal(26, sets.never_cross(out, {"train", "val", "test"}, function(x)
        return x.item
      end))
    end
    -- all jeans have one name: with it as the text they share a split
    assert(prepare {text = "name", val = 0.4})
    sets.never_cross(out, {"train", "val"}, function(x) return x.text end)
  end)

  it("reads a block of rows at a time", function()
    local file <close> = assert(vs.io.h5(TRAIN))
    assert.same({kind = "integers", bytes = 1, shape = {24, 4, 4, 3}}, file:info "input_image")
    assert.same({"Rosé shirt 100"}, {(file:read("input_name", 2, 2)[1]:gsub("\xE9", "é"))})
    assert.same({{102}, {103}}, file:read("input_productID", 7, 8):tolist())
    assert.same({0, 4, 4, 3}, {table.unpack(file:read("input_image", 5, 4).shape)})
  end)

  it("refuses files of other shapes", function()
    local function other(name) return sets.folder .. "fashiongen_" .. name .. ".h5" end
    refused("short.h5: input_category: [23,1], expected [24,1], one row per row of input_image",
      other "short")
    refused("column.h5: input_name: no such data set", other "column")
    refused("half.h5: input_productID: row 1 is 0.5, expected an integer", other "half")
    refused("grey.h5: input_image: 1-byte integers [24,4,4], expected uint8 [N,H,W,3]",
      other "grey")
    refused("short.h5", nil, other "short")
    refused("none.h5: No such file", nil, other "none")
    refused("not an HDF5 file", "spec/data/fashiongen_spec.lua")
  end)

  it("refuses a file that is cut", function()
    local path = sets.copy "fashiongen_train.h5"
    local whole = temp.read(path)
    for n = 0, #whole - 1, 1977 do
      temp.write(path, whole:sub(1, n))
      refused(path .. ": ", path)
    end
  end)
end)
