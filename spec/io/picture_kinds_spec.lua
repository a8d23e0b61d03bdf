-- What vs.image makes of every kind of picture file: those that are read, against Pillow, and those
-- that are refused, by name.
local vs = require "vesper"
local image = vs.image
local kinds = require "spec.support.picture_kinds"
local numbers = require "spec.support.numbers"
local pictures = require "spec.support.pictures"
local temp = require "spec.support.temp"

-- The largest difference of two pictures.
local function apart(a, b)
  assert.same(numbers.shape(a), numbers.shape(b))
  return (a:float() - b:float()):abs():max():item()
end

-- The pixels as lists {r, g, b}, row by row.
local function pixels(bytes, options)
  local picture, list = assert(image.decode(bytes, options)), {}
  local rows = picture:reshape(picture.shape[1], -1):transpose(1, 2)
  for i = 1, rows.shape[1] do list[i] = rows[i]:tolist() end
  return list
end

local function refuses(bytes, pattern)
  local picture, message = image.decode(bytes)
  assert.is_nil(picture)
  assert.matches(pattern, message)
end

-- f with another limit of pixels.
local function limited(n, f)
  local before = image.get_max_pixels()
  image.set_max_pixels(n)
  local ok, why = pcall(f)
  image.set_max_pixels(before)
  if not ok then error(why, 0) end
end

describe("kinds of pictures", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  describe("as Pillow reads them:", function()
    local golden = assert(vs.load "spec/golden/picture_kinds.safetensors")
    for name, bytes in pairs(kinds) do
      it(name, function()
        local got, want = assert(image.decode(bytes, {channels = 4})), golden[name]
        assert(apart(got, want) <= 1, "off by " .. apart(got, want))
        local info = assert(image.info(temp.write(dir .. "/" .. name, bytes)))
        assert.same({got.shape[2], got.shape[3]}, {info.height, info.width})
        assert(info.channels % 2 == 0 or want[4]:float():min():item() == 255)
        local turned = golden[name .. "/turned"]
        if turned then
          got = assert(image.decode(bytes, {channels = 4, apply_exif_orientation = true}))
          assert(apart(got, turned) <= 1)
        end
      end)
    end

    it("no value of the golden file is without a picture", function()
      for name in pairs(golden) do assert(kinds[name:match "^[^/]*"], name) end
    end)

    it("the same at every load, whatever memory held before", function()
      for name, bytes in pairs(kinds) do
        local first = assert(image.decode(bytes))
        for _ = 1, 3 do
          vs.full({3, 64, 64}, 77, {dtype = "uint8"})
          assert(apart(first, assert(image.decode(bytes))) == 0, name)
        end
      end
    end)
  end)

  describe("where Pillow is no guide:", function()
    it("16 bits of grey give their high byte", function()
      assert.same({{0x12, 0x12, 0x12}, {0x80, 0x80, 0x80}, {255, 255, 255}}, pixels(pictures.png{
        width = 3, height = 1, kind = 0, bits = 16, rows = "\0\x12\x34\x80\xFF\xFF\xFF"}))
    end)

    it("a colour key counts at the depth of the file", function()
      local options = {background = {9, 9, 9}}
      assert.same({{0, 0, 0}, {85, 85, 85}, {9, 9, 9}, {255, 255, 255}}, pixels(pictures.png{
        width = 4, height = 1, kind = 0, bits = 2, rows = "\0\x1B",
        chunks = {{"tRNS", string.pack(">I2", 2)}}}, options))
      assert.same({{1, 2, 3}, {9, 9, 9}}, pixels(pictures.png{width = 2, height = 1, bits = 16,
        rows = "\0\1\0\2\0\3\0\1\0\2\0\3\1", chunks = {{"tRNS", "\1\0\2\0\3\1"}}}, options))
      assert.same({{1, 2, 3}, {9, 9, 9}, {4, 5, 7}}, pixels(kinds["key.png"], options))
      assert.same({{9, 9, 9}, {9}}, {pixels(kinds["grey_key.png"], options)[2],
        pixels(kinds["grey_key.png"], {channels = 1, background = {9, 9, 9}})[2]})
    end)

    it("colours that a BMP's palette lacks are black", function()
      assert.same({{50, 40, 60}, {0, 0, 0}, {0, 0, 0}}, pixels(pictures.bmp{header = 12, width = 3,
        height = 1, bits = 8, palette = "\60\40\50", rows = "\0\1\255\0"}))
    end)

    it("what the run lengths of a BMP skip has colour 0", function()
      local a, b, c = {30, 20, 10}, {60, 50, 40}, {90, 80, 70}
      assert.same({a, b, c, a, a, a, a, a, b, b, c, c}, pixels(pictures.bmp{width = 4, height = 3,
        bits = 8, packing = 1, palette = "\10\20\30\0\40\50\60\0\70\80\90\0",
        rows = "\2\1\2\2\0\0\0\2\0\1\0\3\0\1\2\0\0\1"}))
    end)

    it("pixels that a GIF does not draw have its background colour", function()
      local red, green, blue = {255, 0, 0}, {0, 255, 0}, {0, 0, 255}
      local gif = {width = 3, height = 1, background = 1, x = 1, w = 1, h = 1, indices = {2},
        global = "\255\0\0\0\255\0\0\0\255\16\32\48"}
      assert.same({green, blue, green}, pixels(pictures.gif(gif)))
      gif.background = 0
      assert.same({red, blue, red}, pixels(pictures.gif(gif)))
      gif.transparent = 0
      local white = {255, 255, 255}
      assert.same({white, blue, white}, pixels(pictures.gif(gif)))
    end)
  end)

  describe("refused:", function()
    it("formats that are not read, by name", function()
      local starts = {
        ["WebP"] = "RIFF\1\0\0\0WEBPVP8 ", ["AVIF"] = "\0\0\0\x20ftypavif",
        ["HEIC"] = "\0\0\0\x20ftypheic", ["TIFF"] = "II*\0\8\0\0\0",
        ["BigTIFF"] = "MM\0+\0\8\0\0", ["JPEG 2000"] = "\0\0\0\x0CjP  \r\n\x87\n",
        ["JPEG XL"] = "\xFF\x0A\1\2", ["PSD"] = "8BPS\0\1", ["HDR"] = "#?RADIANCE\n",
        ["PPM"] = "P6\n1 1\n255\n", ["OpenEXR"] = "\x76\x2F\x31\1", ["icon"] = "\0\0\1\0\1\0",
        ["SVG"] = "<svg xmlns='x'>", ["HTML"] = "<!DOCTYPE html>", ["PDF"] = "%PDF-1.4",
        ["zip"] = "PK\3\4..", ["QOI"] = "qoif\0\0\0\1",
      }
      for name, bytes in pairs(starts) do
        refuses(bytes .. ("\0"):rep(40),
          "^image: an? .*" .. name .. ".*; only JPEG, PNG, BMP and GIF are supported$")
      end
      local path = temp.write(dir .. "/hat.jpg", starts.WebP)
      assert.equal(path .. ": a WebP picture; only JPEG, PNG, BMP and GIF are supported",
        select(2, image.load(path)))
    end)

    it("variants of formats that are read, by name", function()
      local jpeg = kinds["ycbcr.jpg"]
      local function frame(marker)
        return (jpeg:gsub("\xFF\xC0", "\xFF" .. string.char(marker), 1))
      end
      refuses(frame(0xC3), "lossless JPEG is not supported")
      refuses(frame(0xC9), "arithmetic%-coded JPEG is not supported")
      refuses(frame(0xC5), "hierarchical.* JPEG is not supported")
      refuses(frame(0xF7), "JPEG%-LS is not supported")
      refuses((jpeg:gsub("\xFF\xC0(..)\8", "\xFF\xC0%1\12")), "JPEG of 12 bits is not supported")
      refuses((jpeg:gsub("(\xFF\xC0...)..", "%1\0\0")), "states its height at its end")
      refuses(pictures.jpeg{width = 8, height = 8, components = 2, value = function() return 0 end},
        "JPEG of 2 components is not supported")
      refuses("\x89PNG\r\n\x1A\n\0\0\0\4CgBI\x50\0\x20\2\x2B\xD5\xB3\x7F", "Apple's variant of PNG")
      refuses(pictures.bmp{width = 1, height = 1, bits = 0, packing = 4, rows = "abcd"},
        "BMP with a JPEG inside is not supported")
      refuses(pictures.bmp{width = 1, height = 1, bits = 64, rows = "abcdefgh"},
        "BMP of 64 bits a pixel is not supported")
      refuses(pictures.bmp{width = 1, height = 1, bits = 8, header = 16 + 30, rows = "abcd"},
        "BMP with a header of 46 bytes is not supported")
    end)

    it("what is damaged, with what is wrong", function()
      refuses(pictures.png{width = 4, height = 1, kind = 3, rows = "\0\0\1\2\3"}, "no palette")
      refuses(pictures.png{width = 1, height = 1, kind = 0, bits = 3, rows = "\0\0"},
        "colour type 0 of 3 bits")
      refuses(pictures.png{width = 1, height = 1, rows = "\9\1\2\3"}, "filter 9")
      refuses(pictures.png{width = 2, height = 2, rows = "\0\1\2\3\4\5\6\0\1"},
        "truncated image %(the data ends before the last row%)")
      refuses(pictures.png{width = 2, height = 2, data = "nothing that inflates"}, "broken image")
      refuses(pictures.png{width = 1, height = 1, rows = "\0abc", chunks = {{"NeED", ""}}},
        "unknown critical chunk")
      local gif = {width = 2, height = 2, global = ("abc"):rep(4), indices = {1, 2}}
      refuses(pictures.gif(gif), "truncated image %(the data ends")
      gif.data = pictures.gif_codes(2, {{4, 3}, {7, 3}})
      refuses(pictures.gif(gif), "bad LZW code")
      gif.data = pictures.gif_codes(12, {})
      refuses(pictures.gif(gif), "codes of 12 bits")
      refuses(pictures.bmp{width = 9, height = 9, bits = 8, packing = 1, rows = "\9\1\0\0\3\1"},
        "truncated image %(rows are missing%)")
      refuses(pictures.bmp{width = 1, height = 1, bits = 32, packing = 3, header = 56,
        masks = string.pack("<I4I4I4I4", 5, 0, 0, 0), rows = "abcd"}, "bit field 00000005")
    end)

    it("JPEG files with too many scans", function()
      assert(image.decode(pictures.progressive(16, 16, 499)))
      refuses(pictures.progressive(16, 16, 500), "501 scans and more of 16 x 16 pixels")
      assert(image.decode(pictures.progressive(2048, 2048, 20)))
      refuses(pictures.progressive(2048, 2048, 400), "scans and more of 2048 x 2048 pixels")
    end)
  end)

  describe("the limit on pixels", function()
    it("can be set, and is named with the size and the path", function()
      assert.equal(1 << 26, image.get_max_pixels())
      local path = temp.write(dir .. "/large.png", kinds["kind2_8.png"])
      limited(13 * 11, function() assert(image.load(path)) end)
      limited(13 * 11 - 1, function()
        local want = path .. ": an image of 13 x 11 pixels; the limit is 142 pixels "
          .. "(image.set_max_pixels)"
        assert.equal(want, select(2, image.load(path)))
        assert.equal(want, select(2, image.info(path)))
        assert.equal(want, select(2, image.load_batch({path}, {2, 2}, {workers = 2})))
      end)
      assert(image.load(path))
      for _, bad in ipairs {0, -1, (1 << 28) + 1} do
        assert.error_matches(function() image.set_max_pixels(bad) end, "is not in 1..268435456")
      end
    end)

    it("is checked before memory is requested, in every format", function()
      local zeros = pictures.zeros(250000)
      local files = {
        pictures.png{width = 9000, height = 9000, data = zeros},
        pictures.bmp{width = 9000, height = 9000, bits = 8, packing = 1, gap = "gap",
          rows = "\0\1"},
        pictures.gif{width = 9000, height = 9000, global = ("abc"):rep(4), w = 1, h = 1,
          indices = {1}},
        pictures.progressive(9000, 9000, 2)}
      vs.empty_cache()
      local before = vs.memory().peak
      for _, bytes in ipairs(files) do
        refuses(bytes, "9000 x 9000 pixels; the limit is 67108864")
      end
      assert(vs.memory().peak == before)
    end)

    it("holds in the workers of a loader", function()
      local path = dir .. "/set.h5"
      local w = assert(vs.data.Writer(path, {image_size = {4, 4}}))
      local bytes = kinds["kind2_8.png"]
      for i = 1, 4 do assert(w:add("train", {image_bytes = bytes, id = "i" .. i})) end
      assert(w:close())
      local set = assert(vs.data.open(path))
      limited(100, function()
        assert.error_matches(function()
          local read = 0
          for _ in vs.data.Loader(set, {batch_size = 2, workers = 2}) do read = read + 1 end
        end, "image_bytes: image %d: an image of 13 x 11 pixels; the limit is 100")
      end)
    end)
  end)

  describe("apply_exif_orientation", function()
    local tall = kinds["exif6.jpg"] -- 16 x 24 as stored

    it("is off, as in Pillow and torchvision", function()
      local path = temp.write(dir .. "/tall.jpg", tall)
      local on = {apply_exif_orientation = true}
      assert.same({3, 24, 16}, image.load(path).shape)
      assert.same({3, 16, 24}, image.load(path, on).shape)
      assert.same({width = 16, height = 24, channels = 1}, image.info(path))
      assert.same({width = 24, height = 16, channels = 1}, image.info(path, on))
      local size = {16, 24}
      assert.equal(0, apart(image.load(path, on), assert(image.load_batch({path}, size, on))[1]))
      assert.error_matches(function() image.load(path, {apply_exif_orientation = 1}) end,
        "apply_exif_orientation.*expected true or false")
    end)

    it("is an option of data sets of picture files", function()
      local path = dir .. "/exif.h5"
      local w = assert(vs.data.Writer(path, {image_size = {16, 24}}))
      assert(w:add("train", {image_bytes = tall, id = "tall"}))
      assert(w:close())
      local plain = assert(vs.data.open(path))
      local turned = assert(vs.data.open(path, "train", {apply_exif_orientation = true}))
      local want = image.decode(tall, {apply_exif_orientation = true})
      assert.equal(0, apart(turned[1].image, want))
      assert(apart(plain[1].image, want) > 0)
      assert.equal(0, apart(turned:view{captions = "first"}[1].image, want))
    end)

    it("is an option of preparers", function()
      temp.subfolder(dir .. "/shop/images")
      local csv = {"id,title,label,split"}
      for i = 1, 6 do
        temp.write(("%s/shop/images/%d.jpg"):format(dir, i), tall)
        csv[#csv + 1] = ("%d,title %s,hat,train"):format(i, ("abcdef"):sub(i, i))
      end
      temp.write(dir .. "/shop/products.csv", table.concat(csv, "\n") .. "\n")
      local function prepared(on)
        assert(vs.data.prepare.folder(dir .. "/shop", dir .. "/shop.h5",
          {size = {16, 24}, min_count = 1, split = "split", apply_exif_orientation = on}))
        return assert(vs.data.open(dir .. "/shop.h5"))[1].image
      end
      local want = image.decode(tall, {apply_exif_orientation = true})
      assert.equal(0, apart(prepared(true), want))
      assert(apart(prepared(nil), want) > 0)
    end)

    it("takes damaged EXIF data for none", function()
      local exif = pictures.exif(6)
      for cut = 6, #exif - 1 do
        local bytes = pictures.jpeg{width = 8, height = 16, components = 1,
          segments = {{0xE1, exif:sub(1, cut)}}, value = function() return 9 end}
        local picture = assert(image.decode(bytes, {apply_exif_orientation = true}))
        assert(cut >= 28 or picture.shape[2] == 16)
      end
      for orientation in pairs {[0] = 1, [9] = 1, [65535] = 1} do
        local bytes = pictures.jpeg{width = 8, height = 16, components = 1,
          segments = {{0xE1, pictures.exif(orientation)}}, value = function() return 9 end}
        assert.same({3, 16, 8}, image.decode(bytes, {apply_exif_orientation = true}).shape)
      end
    end)
  end)
end)
