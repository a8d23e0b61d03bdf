-- What the fuzzers run, without them: every seed, each of them changed in many small ways by a
-- generator that is always the same, and every input that was a finding once (spec/fuzz/found).
local image = require "vesper".image
local temp = require "spec.support.temp"

local TARGETS = {"image", "h5", "safetensors", "npy", "csv", "glove", "checkpoint", "pth",
  "json", "model"}
local CHANGES = 60 -- of each target's seeds together

-- Small numbers that depend on nothing but the calls so far.
local function numbers(seed)
  return function(n)
    seed = (seed * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    return (seed >> 24) % n
  end
end

local function changed(bytes, below)
  for _ = 1, 1 + below(3) do
    if #bytes == 0 then return bytes end
    local at, kind = below(#bytes) + 1, below(5)
    local before, after = bytes:sub(1, at - 1), bytes:sub(at + 1)
    if kind == 0 then bytes = before .. string.char(bytes:byte(at) ~ 1 << below(8)) .. after
    elseif kind == 1 then bytes = before .. ("\0\1\127\255"):sub(below(4) + 1):sub(1, 1) .. after
    elseif kind == 2 then bytes = before .. bytes:sub(at, at + below(8)):rep(2) .. after
    elseif kind == 3 then bytes = before .. after:sub(below(8) + 1)
    else bytes = before end
  end
  return bytes
end

local function files(folder)
  local list = {}
  if not os.execute("test -d " .. folder) then return list end
  for _, name in ipairs(temp.list(folder)) do list[#list + 1] = folder .. "/" .. name end
  return list
end

describe("what fuzzing runs", function()
  local pixels = image.get_max_pixels() -- which spec/fuzz/image.lua sets
  teardown(function()
    image.set_max_pixels(pixels)
    temp.remove()
  end)

  for _, target in ipairs(TARGETS) do
    it("takes seeds of " .. target .. ", whole and changed", function()
      local run = assert(loadfile("spec/fuzz/" .. target .. ".lua"))(temp.folder())
      local seeds, below = files("spec/fuzz/seeds/" .. target), numbers(1)
      assert(#seeds > 0)
      if target == "image" then
        for _, name in ipairs {"rgb.png", "palette.png", "rgb.jpg", "progressive.jpg", "frame.gif",
          "palette.bmp"} do seeds[#seeds + 1] = "spec/fixtures/io/" .. name end
      end
      for _, path in ipairs(seeds) do run(temp.read(path)) end
      for i = 1, CHANGES do run(changed(temp.read(seeds[i % #seeds + 1]), below)) end
    end)

    for _, path in ipairs(files("spec/fuzz/found/" .. target)) do
      it("takes " .. path, function()
        assert(loadfile("spec/fuzz/" .. target .. ".lua"))(temp.folder())(temp.read(path))
      end)
    end
  end
end)
