-- report.found: sheets of retrieved images for positions in a set and for typed sentences, as a
-- picture or as a page.
local vs = require "vesper"
local dataset = require "spec.support.dataset"
local temp = require "spec.support.temp"
local text = require "vesper.util.text"

local report = vs.report

describe("report.found", function()
  local dir, set, paths
  setup(function()
    dir = temp.folder()
    set = assert(vs.data.open(dataset.write(dir .. "/set.h5", 5), "train"))
    paths = {dir .. "/a&b.png", dir .. "/wide.jpg", "spec/fixtures/io/rgb.png"}
    assert(vs.image.save(paths[1], dataset.picture(90, 30, 20)))
    assert(vs.image.save(paths[2], dataset.picture(90, 300, 600)))
  end)
  teardown(temp.remove)

  local function pictures_of(html)
    local list = {}
    for kind, bytes in html:gmatch 'src="data:image/(%a+);base64,([%w+/=]+)"' do
      local pipe = assert(io.popen(("echo %s | base64 -d > %s/one"):format(bytes, dir)))
      pipe:close()
      list[#list + 1] = {kind = kind, image = assert(vs.image.load(dir .. "/one"))}
    end
    return list
  end

  it("writes a page that needs no other file, with captions as text", function()
    local path = dir .. "/found.html"
    assert(report.found(path, set, {1, 2, "<typed> & caf\u{E9}"}, {{1, 3}, {4}, {5, 2, 1}},
      {title = "Hats & cups", note = "best first"}))
    local html = temp.read(path)
    assert(html:find("<h1>Hats &amp; cups</h1>", 1, true))
    assert(html:find("<p>best first</p>", 1, true))
    assert(html:find("<h3>a red hat</h3>", 1, true))
    assert(html:find("<h3>&lt;typed&gt; &amp; caf\u{E9}</h3>", 1, true))
    assert(html:find('<li class="own"><img alt="hat"', 1, true))
    assert(html:find("<span>1 \u{2713} hat</span>", 1, true))
    assert.is_nil(html:find("://", 1, true))
    local _, own = html:gsub('<li class="own">', "")
    local _, all = html:gsub("<li", "")
    assert.same({1, 6}, {own, all})
    local pictures = pictures_of(html)
    assert.equal(6, #pictures)
    for i, position in ipairs {1, 3, 4, 5, 2, 1} do
      assert(pictures[i].image:eq(set[position].image):all())
    end
  end)

  it("takes sentences and files, and the result of metrics.topk", function()
    local path = dir .. "/files.html"
    local found = vs.metrics.topk(vs.eye(3):slice(1, 1, 2), vs.eye(3), 2)
    assert(report.found(path, paths, {"a red hat", "two"}, found))
    local html = temp.read(path)
    assert(html:find('alt="a&amp;b.png"', 1, true))
    assert.is_nil(html:find('class="own', 1, true))
    local pictures = pictures_of(html)
    assert.same({"png", {3, 30, 20}}, {pictures[1].kind, pictures[1].image.shape})
    assert(report.found(path, paths, {"x"}, {{2}}, {size = 100}))
    pictures = pictures_of(temp.read(path))
    assert.same({"jpeg", {3, 50, 100}}, {pictures[1].kind, pictures[1].image.shape})
    assert(report.found(dir .. "/files.png", paths, {"a red hat"}, {{2, 1}}, {title = "T"}))
    assert(vs.image.load(dir .. "/files.png"):float():std():item() > 5)
    assert(report.found(path, {dataset.picture(5)}, {"x"}, {{1}}))
  end)

  it("says what is wrong", function()
    local function raises(words, ...)
      local arguments = {...}
      assert.error_matches(function()
        report.found(dir .. "/x.html", table.unpack(arguments))
      end, words, 1, true)
    end
    raises("found has 1 entries, expected 2, one per caption", set, {1, 2}, {{1}})
    raises("captions[1] is 9, expected 1..5", set, {9}, {{1}})
    raises("found[1][2] is 6, expected 1..5", set, {1}, {{1, 6}})
    raises("captions[1] is 1, expected a string, since the pictures are a list", paths, {1}, {{1}})
    raises("captions is 'a', expected a list", set, "a", {{1}})
    raises("unknown option 'k'", set, {1}, {{1}}, {k = 1})
    local none, why = report.found(dir .. "/x.html", {dir .. "/none.png"}, {"a"}, {{1}})
    assert.is_nil(none)
    assert.matches("none.png: ", why, 1, true)
    none, why = report.found(dir .. "/no/x.html", paths, {"a"}, {{1}})
    assert.is_nil(none)
    assert.matches("no/x.html", why, 1, true)
  end)

  it("encodes bytes as base64 does", function()
    for _, pair in ipairs {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="}, {"\0\255\16", "AP8Q"}} do
      assert.equal(pair[2], text.base64(pair[1]))
    end
  end)
end)
