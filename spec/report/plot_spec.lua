local vs = require "vesper"
local plot = require "vesper.report.plot"
local temp = require "spec.support.temp"

describe("plot", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  local function svg(series, options)
    local path = dir .. "/x.svg"
    assert(plot.lines(path, series, options))
    assert.same({"x.svg"}, temp.list(dir))
    local text = temp.read(path)
    os.remove(path)
    return text
  end

  local function count(text, pattern) return select(2, text:gsub(pattern, "")) end

  -- Every element closes, and no bare < or & is left.
  local function well_formed(text)
    local open = {}
    for close, name, rest in text:gmatch "<(/?)(%a+)([^<>]*)>" do
      if close == "/" then assert.equal(name, table.remove(open))
      elseif not rest:match "/$" then open[#open + 1] = name end
    end
    assert.equal(0, #open)
    assert.is_nil(text:gsub("<[^<>]*>", ""):find "[<>]")
    assert.is_nil(text:gsub("&%a+;", ""):find("&", 1, true))
    assert.is_nil(text:find "nan")
    assert.is_nil(text:find "inf")
  end

  it("draws each series as a line, with title, labels, ticks and legend", function()
    local text = svg({{name = "train <a & b>", y = {2, 1, 0.5}}, {name = "val", y = {2.1, 1.4, 1}}},
      {title = "Loss", x_label = "epoch", y_label = "hinge"})
    well_formed(text)
    assert.equal(2, count(text, "<polyline"))
    assert.equal(6, count(text, "<circle"))
    for _, label in ipairs {"Loss", "epoch", "hinge", "train &lt;a &amp; b&gt;", "val", "0.4",
                            "2.0"} do
      assert(text:find(">" .. label .. "<", 1, true), label)
    end
  end)

  it("puts points where they belong", function()
    local text = svg({{y = {0, 10}}}, {y_min = 0, y_max = 10})
    local x1, y1, x2, y2 = text:match 'points="([%d.]+),([%d.]+) ([%d.]+),([%d.]+)"'
    assert(tonumber(x1) < tonumber(x2) and tonumber(y1) > tonumber(y2))
    local low = text:match('y="([%d.]+)"[^<]*>0<')
    local high = text:match('y="([%d.]+)"[^<]*>10<')
    assert(math.abs(low - 4 - y1) < 0.11 and math.abs(high - 4 - y2) < 0.11)
  end)

  it("cuts lines at values that are not finite", function()
    local text = svg {{x = {1, 2, 3, 4, 5, 6}, y = {1, 2, 0 / 0, 3, 4, math.huge}}}
    well_formed(text)
    assert.equal(2, count(text, "<polyline"))
    assert.equal(4, count(text, "<circle"))
  end)

  it("draws one point, equal values, and very large and small ones", function()
    for _, y in ipairs {{5}, {3, 3, 3}, {0, 0}, {1e9, 2e9}, {1e-9, 3e-9}, {-5, -1},
                        {1e300, -1e300}} do
      well_formed(svg {{name = "a", y = y}})
    end
  end)

  it("says what is wrong", function()
    assert.error_matches(function() svg {} end, "has no finite value")
    assert.error_matches(function() svg {{y = {0 / 0}}} end, "has no finite value")
    assert.error_matches(function() svg {{name = "a"}} end,
      "series 1: y is nil, expected a list of numbers")
    assert.error_matches(function() svg {{x = {1}, y = {1, 2}}} end,
      "series 1: x has 1 entries, expected 2")
    assert.error_matches(function() svg({{y = {1}}}, {titel = "x"}) end, "unknown option 'titel'")
    local ok, message = plot.lines(dir .. "/no/x.svg", {{y = {1}}})
    assert.is_nil(ok)
    assert.matches("No such file", message)
  end)

  describe("contact_sheet", function()
    local RIGHT, WRONG = {22, 163, 74}, {220, 38, 38}
    local grey = vs.image.canvas({20, 10}, {90, 90, 90})
    local rows = {
      {caption = "a red hat", images = {{image = grey, correct = true, label = "hat"},
        {image = grey, correct = false}, {image = grey}}},
      {caption = "something with a caption so long that it needs a second line on this sheet",
        images = {{image = grey, correct = false}}},
    }

    local function pixel(t, x, y)
      return {t[1][y][x]:item(), t[2][y][x]:item(), t[3][y][x]:item()}
    end

    -- Top left corners of frames in reading order.
    local function corners(t, color)
      local r, list = t:tolist(), {}
      local function is(y, x)
        return r[1][y][x] == color[1] and r[2][y][x] == color[2] and r[3][y][x] == color[3]
      end
      for y = 2, #r[1] do
        for x = 2, #r[1][1] do
          if is(y, x) and not is(y - 1, x) and not is(y, x - 1) then list[#list + 1] = {x, y} end
        end
      end
      return list
    end

    it("frames what is right in green and what is wrong in red, left to right", function()
      local path = dir .. "/sheet.png"
      assert(plot.contact_sheet(path, rows, {title = "Found", note = "best first", size = 40}))
      local sheet = assert(vs.image.load(path))
      local right, wrong = corners(sheet, RIGHT), corners(sheet, WRONG)
      assert.equal(1, #right)
      assert.equal(2, #wrong)
      assert.equal(right[1][2], wrong[1][2])
      assert.equal(right[1][1], wrong[2][1])
      assert(wrong[1][1] > right[1][1] and wrong[2][2] > right[1][2])
      -- the picture lies in the middle of its frame, as high as it goes and half as wide
      local x, y = right[1][1] + 4, right[1][2] + 4
      assert.same({90, 90, 90}, pixel(sheet, x + 20, y))
      assert.same({90, 90, 90}, pixel(sheet, x + 10, y + 39))
      assert.same({255, 255, 255}, pixel(sheet, x + 8, y + 20))
      assert.same({255, 255, 255}, pixel(sheet, x + 31, y + 20))
    end)

    it("says what is wrong", function()
      assert.error_matches(function() plot.contact_sheet(dir .. "/x.png", {}) end, "rows is empty")
      assert.error_matches(function() plot.contact_sheet(dir .. "/x.png", {{caption = "a"}}) end,
        "row 1: images is nil, expected a list")
      assert.error_matches(function() plot.contact_sheet(dir .. "/x.png", rows, {k = 1}) end,
        "unknown option 'k'")
      local ok, message = plot.contact_sheet(dir .. "/no/x.png", rows)
      assert.is_nil(ok)
      assert.matches("cannot write", message)
    end)
  end)
end)
