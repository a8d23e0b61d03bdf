local vs = require "vesper"
local temp = require "spec.support.temp"
local numbers = require "spec.support.numbers"

local FIXTURES = "spec/fixtures/io/"
local FORMATS = {"rgb.jpg", "progressive.jpg", "halved.jpg", "grey.jpg", "rgb.png", "grey.png",
  "palette.png", "bits.png", "alpha.png", "rgb.bmp", "palette.bmp", "frame.gif"}
local image = vs.image

-- The largest difference of two tensors of one shape.
local function apart(a, b)
  assert.same(numbers.shape(a), numbers.shape(b))
  local x, y, most = numbers.flat(a), numbers.flat(b), 0
  for i = 1, #x do most = math.max(most, math.abs(x[i] - y[i])) end
  return most
end

local function raises(pattern, f, ...)
  local args = table.pack(...)
  assert.error_matches(function() f(table.unpack(args, 1, args.n)) end, pattern)
end

local function bytes(t) return vs.tensor(t, {dtype = "uint8"}) end

describe("vs.image", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  describe("load", function()
    local golden = assert(vs.load "spec/golden/pictures.safetensors")

    for _, name in ipairs(FORMATS) do
      it("reads " .. name .. " as Pillow does", function()
        local picture = assert(image.load(FIXTURES .. name))
        assert.equal("uint8", picture.dtype)
        assert.same({3, 14, 18}, picture.shape)
        -- JPEG decoders differ in rounding, and in how they enlarge halved colour
        local limit = name == "halved.jpg" and 12 or name:match "jpg$" and 2 or 0
        if name == "alpha.png" then limit = 1 end
        assert(apart(picture, golden[name]) <= limit, "off by " .. apart(picture, golden[name]))
        assert.equal(0, apart(picture, image.decode(temp.read(FIXTURES .. name))))
      end)
    end

    it("lays transparency over a background, or keeps it", function()
      local path = FIXTURES .. "alpha.png"
      local rgba = assert(image.load(path, {channels = 4}))
      assert.same({4, 14, 18}, rgba.shape)
      assert.equal(0, rgba[4][1][1]:item())
      assert.equal(255, rgba[4][1][18]:item())
      local over = assert(image.load(path, {background = {10, 200, 30}}))
      assert.same({10, 200, 30}, {over[1][5][1]:item(), over[2][5][1]:item(), over[3][5][1]:item()})
      assert.equal(rgba[1][5][18]:item(), over[1][5][18]:item())
    end)

    it("makes grey pictures", function()
      local path = FIXTURES .. "rgb.png"
      local grey, rgb = image.load(path, {channels = 1}), image.load(path)
      assert.same({1, 14, 18}, grey.shape)
      local r, g, b = rgb[1][7][9]:item(), rgb[2][7][9]:item(), rgb[3][7][9]:item()
      local want = 0.299 * r + 0.587 * g + 0.114 * b
      assert(math.abs(grey[1][7][9]:item() - want) <= 0.6)
    end)

    it("tells sizes without decoding", function()
      assert.same({width = 18, height = 14, channels = 4}, image.info(FIXTURES .. "alpha.png"))
      assert.same({width = 18, height = 14, channels = 3}, image.info(FIXTURES .. "rgb.jpg"))
      local info, message = image.info(dir .. "/none.png")
      assert.is_nil(info)
      assert.matches("none%.png: No such file", message)
    end)

    it("names a truncated file, wherever it is cut", function()
      for _, name in ipairs(FORMATS) do
        local whole = temp.read(FIXTURES .. name)
        for cut = 0, #whole - 1, name:match "bmp$" and 7 or 3 do
          local picture, message = image.decode(whole:sub(1, cut))
          local why = ("%s cut to %d of %d bytes: %s"):format(name, cut, #whole, message)
          assert(picture == nil, why)
          local named = message:find "truncated image" or cut < 8 and message:find "not an image"
          assert(named, why)
        end
      end
      local whole = temp.read(FIXTURES .. "rgb.jpg")
      local picture, message = image.load(temp.write(dir .. "/hat.jpg", whole:sub(1, -20)))
      assert.is_nil(picture)
      assert.matches("hat%.jpg: truncated image %(no end%-of%-image marker%)$", message)
      picture, message = image.info(dir .. "/hat.jpg")
      assert.is_nil(picture)
      assert.matches("hat%.jpg: truncated image", message)
    end)

    it("names broken files", function()
      local function refuses(text, pattern)
        local picture, message = image.load(temp.write(dir .. "/x.png", text))
        assert.is_nil(picture)
        assert.matches("x%.png: " .. pattern, message)
      end
      refuses("just some text", "not an image %(JPEG, PNG, BMP and GIF are supported%)")
      refuses("", "truncated image %(empty file%)")
      local png = temp.read(FIXTURES .. "palette.png")
      refuses(png:sub(1, 60) .. "\0\1\2" .. png:sub(64), "broken image %(wrong checksum%)")
      local jpg = temp.read(FIXTURES .. "rgb.jpg")
      local at = assert(jpg:find("\xFF\xC4", 1, true))
      refuses(jpg:sub(1, at + 4) .. ("\xFF"):rep(16) .. jpg:sub(at + 21),
        "broken image %(bad Huffman")
      local bmp = temp.read(FIXTURES .. "rgb.bmp")
      refuses(bmp:sub(1, 18) .. string.pack("<i4i4", 60000, 60000) .. bmp:sub(27), "")
      local picture, message = image.load(dir)
      assert.is_nil(picture)
      assert.matches("not a file", message)
    end)

    it("takes a JPEG whose Huffman tables are not all there in the same way every time", function()
      local missing, first = temp.read "spec/fuzz/found/image/undefined-table.jpg", nil
      for _ = 1, 20 do
        assert(image.load(FIXTURES .. "rgb.jpg")) -- leaves its tables in freed memory
        local picture, message = image.decode(missing)
        first = first or picture and numbers.flat(picture) or message
        assert.same(first, picture and numbers.flat(picture) or message)
      end
    end)

    it("survives random damage", function()
      local state = 7
      local function random(n)
        state = (state * 1103515245 + 12345) % 2147483648
        return state // 65536 % n + 1
      end
      for _, name in ipairs(FORMATS) do
        local whole = temp.read(FIXTURES .. name)
        for _ = 1, 60 do
          local text = whole
          for _ = 1, random(4) do
            local at = random(#text)
            text = text:sub(1, at - 1) .. string.char(random(256) - 1) .. text:sub(at + 1)
          end
          local picture, message = image.decode(text)
          assert(picture and picture.shape[1] == 3 or type(message) == "string")
        end
      end
    end)

    it("refuses unknown options", function()
      raises("unknown option 'channel'", image.load, "x.png", {channel = 1})
      raises("1 %(grey%), 3 %(RGB%)", image.load, "x.png", {channels = 2})
      raises("three whole numbers", image.load, "x.png", {background = {1, 2}})
    end)
  end)

  describe("resize", function()
    local golden = assert(vs.load "spec/golden/resize.safetensors")

    it("agrees with Pillow, byte for byte", function()
      local seen = 0
      for key, want in pairs(golden) do
        local name, filter, height, width = key:match "^(in%d)/(%a+)/(%d+)x(%d+)$"
        if name then
          local got = image.resize(golden[name], {tonumber(height), tonumber(width)}, filter)
          assert.equal("uint8", got.dtype)
          assert(apart(got, want) == 0, key .. " is off by " .. apart(got, want))
          seen = seen + 1
        end
      end
      assert.equal(25, seen)
    end)

    it("agrees with Pillow on numbers", function()
      for _, filter in ipairs {"box", "bilinear", "bicubic", "lanczos"} do
        local got = image.resize(golden.real:to "float32", {6, 25}, filter)
        assert(apart(got, golden["real/" .. filter .. "/6x25"]) < 2e-6, filter)
      end
    end)

    it("takes batches, views and sizes of one, and bilinear when no filter is named", function()
      local x = golden.in1
      local batch = image.resize(vs.stack({x, x}, 1), {7, 9})
      assert.same({2, 3, 7, 9}, batch.shape)
      assert.equal(0, apart(batch[2], golden["in1/bilinear/7x9"]))
      local turned = image.resize(x:transpose(2, 3), {9, 7})
      assert.same({3, 9, 7}, turned.shape)
      assert.same({3, 1, 1}, image.resize(x, {1, 1}).shape)
      local same = image.resize(x, {23, 17})
      assert.equal(0, apart(same, x))
      same:zero_()
      assert(apart(same, x) > 0, "an unchanged size must be a copy")
    end)

    it("raises for what is no picture or size", function()
      raises("%[%.%.%.,H,W%].*got %[3%]", image.resize, vs.zeros(3), {2, 2})
      raises("asked for %[0,2%]", image.resize, golden.in1, {0, 2})
      raises("{height, width}", image.resize, golden.in1, {2})
      raises("filter 'cubic', expected one of", image.resize, golden.in1, {2, 2}, "cubic")
      raises("got int64", image.resize, vs.tensor({{1}}, {dtype = "int64"}), {2, 2})
    end)
  end)

  describe("save", function()
    local picture = assert(image.load(FIXTURES .. "rgb.png"))

    it("writes PNG exactly and JPEG nearly, leaving no other file", function()
      local place = temp.folder()
      assert.is_true(image.save(place .. "/a.png", picture))
      assert.is_true(image.save(place .. "/b.JPG", picture, {quality = 95}))
      assert.same({"a.png", "b.JPG"}, temp.list(place))
      assert.equal(0, apart(picture, assert(image.load(place .. "/a.png"))))
      assert(apart(picture, assert(image.load(place .. "/b.JPG"))) <= 12)
      local small = image.encode(picture, "jpg", {quality = 10})
      assert(#small < #image.encode(picture, "jpg", {quality = 95}))
    end)

    it("writes grey, transparent and float pictures, and views", function()
      local grey = assert(image.decode(image.encode(picture[1], "png"), {channels = 1}))
      assert.equal(0, apart(grey[1], picture[1]))
      local rgba = assert(image.load(FIXTURES .. "alpha.png", {channels = 4}))
      assert.equal(0, apart(rgba, image.decode(image.encode(rgba, "png"), {channels = 4})))
      local float = vs.tensor {{0, 0.5, 1}, {-3, 7, 0.25}}
      assert.same({{0, 128, 255}, {0, 255, 64}},
        image.decode(image.encode(float, "png"), {channels = 1})[1]:tolist())
      local turned = picture:transpose(2, 3)
      assert.equal(0, apart(turned, image.decode(image.encode(turned, "png"))))
    end)

    it("says what it cannot write", function()
      local ok, message = image.save(dir .. "/no/a.png", picture)
      assert.is_nil(ok)
      assert.matches("no/a%.png: cannot write: No such file", message)
      raises("neither %.png nor %.jpg", image.save, dir .. "/a.tiff", picture)
      raises("got %[2,5,5%]", image.save, dir .. "/a.png", vs.zeros(2, 5, 5))
      raises("got %[0,5%]", image.save, dir .. "/a.png", vs.zeros(0, 5))
      raises("got int64", image.save, dir .. "/a.png", vs.tensor({{1}}, {dtype = "int64"}))
      raises("from 1 to 100", image.save, dir .. "/a.jpg", picture, {quality = 0})
    end)
  end)

  it("crops and flips copies", function()
    local x = bytes {{{1, 2, 3}, {4, 5, 6}}}
    assert.same({{{5, 6}}}, image.crop(x, 2, 2, {1, 2}):tolist())
    assert.same({{{3, 2, 1}, {6, 5, 4}}}, image.flip(x):tolist())
    assert.same({{{1, 2, 3}, {4, 5, 6}}}, x:tolist())
    raises("%[1,2%] at x 3, y 1.*%[1,2,3%]", image.crop, x, 3, 1, {1, 2})
    raises("at x 0", image.crop, x, 0, 1, {1, 2})
  end)

  describe("painting", function()
    it("draws boxes and frames, cut off at the edges", function()
      local x = image.canvas({3, 4}, {0, 0, 0})
      assert.equal(x, image.draw_box(x, 3, 2, {5, 9}, {color = {7, 8, 9}}))
      assert.same({{0, 0, 0, 0}, {0, 0, 7, 7}, {0, 0, 7, 7}}, x[1]:tolist())
      assert.same({{0, 0, 0, 0}, {0, 0, 9, 9}, {0, 0, 9, 9}}, x[3]:tolist())
      x = image.canvas {4, 4}
      image.draw_box(x, 1, 1, {4, 4}, {color = {1, 1, 1}, frame = 1})
      assert.same({{1, 1, 1, 1}, {1, 255, 255, 1}, {1, 255, 255, 1}, {1, 1, 1, 1}}, x[2]:tolist())
      image.draw_box(x, -100, math.mininteger, {2, 2})
      image.draw_box(x, math.maxinteger, 1, {2, 2})
    end)

    it("pastes pictures", function()
      local x = image.canvas({2, 3}, {0, 0, 0})
      image.paste(x, bytes {{1, 2}, {3, 4}}, 2, 2)
      assert.same({{0, 0, 0}, {0, 1, 2}}, x[3]:tolist())
      image.paste(x, bytes {{1, 2}, {3, 4}}, 0, 0)
      assert.same({{4, 0, 0}, {0, 1, 2}}, x[1]:tolist())
      raises("cannot be pasted into a grey one", image.paste, x[1], x, 1, 1)
      raises("view with gaps", image.paste, x:transpose(2, 3), x, 1, 1)
      raises("uint8", image.paste, vs.zeros(3, 2, 2), x, 1, 1)
    end)

    it("draws text: one glyph a character, '?' for what is not ASCII", function()
      local function painted(text, options)
        local x = image.canvas {30, 200}
        image.draw_text(x, 3, 2, text, options)
        return x
      end
      local blank = painted ""
      assert(apart(blank, painted "hat") == 255)
      assert.equal(0, apart(painted "a?b", painted "aéb"))
      assert.equal(0, apart(painted "?", painted "😀"))
      local w, h = image.text_size "hat"
      local w2, h2 = image.text_size("hat", 2)
      assert.same({2 * w, 2 * h}, {w2, h2})
      assert.same({w, 2 * h}, {image.text_size "hat\na"})
      local red = painted("hat", {scale = 2, color = {250, 0, 0}})
      local values = {}
      for _, v in ipairs(numbers.flat(red[1])) do values[v] = true end
      assert.same({[250] = true, [255] = true}, values)
      local inked = image.crop(red, 3, 2, {h2, w2}) -- nothing outside what text_size says
      assert.equal(255 * 3 * 30 * 200 - red:to("int64"):sum():item(),
        255 * 3 * h2 * w2 - inked:to("int64"):sum():item())
      for byte = 0, 255 do painted(string.char(byte)) end
    end)

    it("lays pictures out in a grid", function()
      local a, b = bytes {{1, 1}, {1, 1}}, bytes {{{2}}, {{3}}, {{4}}}
      local x = image.grid({a, b, a}, {columns = 2, padding = 1, background = {9, 9, 9}})
      assert.same({3, 7, 7}, x.shape)
      assert.same({9, 9, 9, 9, 9, 9, 9}, x[2][1]:tolist())
      assert.same({9, 1, 1, 9, 3, 9, 9}, x[2][2]:tolist())
      assert.same({9, 1, 1, 9, 9, 9, 9}, x[2][5]:tolist())
      raises("list of pictures", image.grid, {})
      assert.error_matches(function() image.grid {a, 1} end, "Tensor")
    end)
  end)
end)
