-- Preparers: small made-up copies of the layouts they read.
local vs = require "vesper"
local data = vs.data
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"

-- What a preparer says of an empty folder, and of one that is missing.
local function looks_for(prepare, root, want)
  local s, why = prepare(root, root .. "/out.h5")
  assert.is_nil(s)
  assert.matches(want, why)
  s, why = prepare(root .. "/none", root .. "/out.h5")
  assert.is_nil(s)
  assert.matches("none: No such file", why)
end

describe("the groups of a preparer", function()
  it("join titles that differ in case, spaces and punctuation alone", function()
    local prepare = require "vesper.data.prepare"
    local titles = {"Red hat", "red  HAT.", "Red-hat", "Red hats", "!", "?", nil}
    local items = {}
    for i = 1, 7 do items[i] = {key = "k" .. i, title = titles[i]} end
    local group = prepare.join_groups(items, "key")
    local seen = {}
    for i, item in ipairs(items) do seen[i] = group(item) end
    assert.same({seen[1], seen[1]}, {seen[2], seen[3]})
    local different = {}
    for _, i in ipairs {1, 4, 5, 6, 7} do different[seen[i]] = true end
    local n = 0
    for _ in pairs(different) do n = n + 1 end
    assert.equal(5, n)
  end)
end)

describe("data.prepare.emoji", function()
  local root, out
  before_each(function()
    root = temp.folder()
    out = root .. "/out.h5"
  end)
  teardown(temp.remove)

  -- n emoji in each of two categories; every third comes in six variants of the skin
  local function make(n)
    local base = root .. "/usr/share/gems/gemojione-1.0"
    temp.subfolder(base .. "/config")
    temp.subfolder(base .. "/assets/png")
    local index, code = {}, 0
    local function entry(name, category, keywords)
      code = code + 1
      local unicode = ("1F%03X"):format(code)
      index[name] = {unicode = unicode, name = name, category = category, keywords = keywords}
      local path = ("%s/assets/png/%s.png"):format(base, unicode)
      assert(vs.image.save(path, dataset.picture(code, 8, 8)))
    end
    for i = 1, n do
      entry("waving hand" .. i, "people", {"hand", "hello", "bye", "goodbye", "friend", "wave"})
      for tone = 1, i % 3 == 0 and 5 or 0 do
        entry(("waving_hand%d tone%d"):format(i, tone), "people", {})
      end
      entry("fruit" .. i, "food", {"fruit", "sweet"})
    end
    entry("odd one", "extras", {})
    index["no picture"] = {unicode = "2FFFF", name = "none", category = "food", keywords = {}}
    assert(vs.io.json_save(base .. "/config/index.json", index))
    return code
  end

  it("writes names with keywords, and keeps variants together", function()
    local written = make(30)
    local s = assert(data.prepare.emoji(root, out, {size = 8}))
    assert.equal(written - 1, s.train + s.val + s.test)
    assert.equal(2, s.classes)
    assert.equal(1, s.missing)
    assert.equal(1, s.rare)
    assert.equal(2, s.skipped)
    local where, seen = {}, 0
    for _, split in ipairs {"train", "val", "test"} do
      local list, set = dataset.titles(out, split)
      assert.is_true(#list > 0)
      for i, title in ipairs(list) do
        local name = title:match "^[^,]+"
        assert.is_true(where[name] == nil or where[name] == split)
        where[name] = split
        seen = seen + 1
        assert.equal(name:find "hand" and "people" or "food", set:classes()[set[i].label])
      end
    end
    assert.equal(written - 1, seen)
    local all = {}
    for _, split in ipairs {"train", "val", "test"} do
      for _, title in ipairs(dataset.titles(out, split)) do all[title] = true end
    end
    assert.is_true(all["waving hand1, hand, hello, bye, goodbye"])
    assert.is_true(all["waving hand3, medium light skin"])
    assert.is_true(all["fruit2, fruit, sweet"])
  end)

  it("says what it looks for when it is not there", function()
    looks_for(data.prepare.emoji, root, "has no config/index.json, expected")
  end)
end)

describe("data.prepare.openclipart", function()
  local root, out, base
  before_each(function()
    root = temp.folder()
    out, base = root .. "/out.h5", root .. "/x/usr/share/openclipart"
  end)
  teardown(temp.remove)

  local SVG = [[
<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.0//EN" "http://www.w3.org/TR/SVG/DTD/svg10.dtd" [
  <!ENTITY ns_svg "http://www.w3.org/2000/svg">
]>
<svg xmlns="&ns_svg;" width="100" height="100"><g><title>not this one</title></g>
 <metadata><rdf:RDF xmlns="http://web.resource.org/cc/"
   xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Work rdf:about="">
  <dc:title>%s</dc:title><dc:description>a drawing</dc:description>
  <dc:subject><rdf:Bag>%s</rdf:Bag></dc:subject>
  <dc:creator><Agent><dc:title>Somebody</dc:title></Agent></dc:creator>
  <dc:format>image/svg+xml</dc:format><dc:language>en</dc:language></Work></rdf:RDF></metadata>
</svg>
]]
  local made, folders = 0, {}
  local function draw(name, title, keywords)
    made = made + 1
    local parts = {}
    for i, word in ipairs(keywords) do parts[i] = "<rdf:li>" .. word .. "</rdf:li>" end
    for _, kind in ipairs {"png", "svg"} do
      local below = (base .. "/" .. kind .. "/" .. name):match "^(.*)/"
      if not folders[below] then temp.subfolder(below) end
      folders[below] = true
    end
    assert(vs.image.save(("%s/png/%s.png"):format(base, name), dataset.picture(made % 256, 9, 7)))
    if title then
      temp.write(("%s/svg/%s.svg"):format(base, name), SVG:format(title, table.concat(parts)))
    end
  end

  -- caption -> {class, split, id} of all images of out
  local function captions()
    local all = {}
    for _, split in ipairs {"train", "val", "test"} do
      local list, set = dataset.titles(out, split)
      for i, title in ipairs(list) do
        all[title] = {set:classes()[set[i].label], split, set:id(i)}
        all[#all + 1] = title
      end
    end
    return all
  end

  it("takes class, title and keywords from where they stand", function()
    for i = 1, 8 do
      draw("food/fruit/apple_0" .. i, "Apple " .. i, {"hash", "", "Fruit", "red_fruit", "apple"})
      draw("animals/sheep_0" .. i, i % 2 == 0 and "" or "Two &amp; a half sheep", {"wool", "farm"})
    end
    draw("animals/lion_12", "", {})
    draw("logos/odd", "Odd", {})
    draw("food/nothing", nil, {})
    -- the same drawing under another subject
    assert(os.execute(("ln -s ../animals/lion_12.png '%s/png/food/lion_12.png'"):format(base)))
    temp.subfolder(root .. "/x/usr/share/pixmaps")
    assert(vs.image.save(root .. "/x/usr/share/pixmaps/other.png", dataset.picture(1)))
    local s = assert(data.prepare.openclipart(root, out, {size = 4, min_class = 2}))
    assert.same({17, 2, 1, 1, 0, 2}, {s.train + s.val + s.test, s.classes, s.missing, s.rare,
      s.broken, s.skipped})
    local all = captions()
    assert.equal(17, #all)
    assert.equal("food", all["Apple 3, fruit, red fruit"][1])
    assert.equal("animals", all["Two & a half sheep, wool, farm"][1])
    assert.equal("animals", all["wool, farm"][1])
    assert.equal("animals", all["lion"][1])
    local set = assert(data.open(out, "train"))
    assert.same({3, 4, 4}, set[1].image.shape)
    assert.equal("food/fruit/apple_01", all["Apple 1, fruit, red fruit"][3])
  end)

  it("keeps drawings of one title together, and no more of them than asked for", function()
    for i = 1, 60 do
      draw(("shapes/s%02d"):format(i), i > 30 and "Series" or "SHAPE " .. i // 3, {"no" .. i})
      draw(("tools/t%02d"):format(i), "shape " .. i // 3, {"tool" .. i})
    end
    local s = assert(data.prepare.openclipart(root, out, {size = 4}))
    assert.equal(120, s.train + s.val + s.test)
    assert.is_true(s.val > 3 and s.test > 3)
    local where = {}
    local all = captions()
    assert.equal(120, #all)
    for _, caption in ipairs(all) do
      local title, split = caption:match("^[^,]+"):lower(), all[caption][2]
      assert.is_true(where[title] == nil or where[title] == split)
      where[title] = split
    end
    s = assert(data.prepare.openclipart(root, out, {size = 4, max_title = 5}))
    assert.equal(25 + 9, s.same_title) -- of Series, and one each of shape 1 to 9
  end)

  it("stops at a broken drawing, or counts it", function()
    for i = 1, 3 do draw("food/f" .. i, "Food " .. i, {}) end
    temp.write(base .. "/svg/food/f2.svg", "<svg>\n<metadata></svg>")
    local png = temp.read(base .. "/png/food/f3.png")
    temp.write(base .. "/png/food/f3.png", png:sub(1, #png // 2))
    local s, why = data.prepare.openclipart(root, out, {min_class = 1})
    assert.is_nil(s)
    assert.matches("svg/food/f2.svg: line 2, column 13: mismatched tag", why)
    s = assert(data.prepare.openclipart(root, out, {min_class = 1, skip_broken = true}))
    assert.same({1, 2, 2}, {s.train + s.val + s.test, s.broken, s.skipped})
  end)

  it("says what it looks for when it is not there", function()
    looks_for(data.prepare.openclipart, root,
      "has no usr/share/openclipart/png, expected openclipart%-png")
  end)
end)

describe("data.permutation", function()
  it("is an order of 1..n that the seed decides", function()
    local a = data.permutation(20, 1)
    assert.same(a, data.permutation(20, 1))
    assert.not_same(a, data.permutation(20, 2))
    table.sort(a)
    for i = 1, 20 do assert.equal(i, a[i]) end
    assert.same({}, data.permutation(0, 1))
  end)
end)
