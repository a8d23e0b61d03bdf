-- Binary files of word2vec, as the program writes them: "%lld %lld\\n", then "%s " and floats.
local vs = require "vesper"
local temp = require "spec.support.temp"

local dir = temp.folder()
teardown(temp.remove)

-- end_: what stands behind each vector; the program writes a line's end, gensim nothing.
local function file(entries, head, end_)
  local list = {head or ("%d 2\n"):format(#entries)}
  for i, e in ipairs(entries) do
    list[i + 1] = e[1] .. " " .. string.pack("<ff", e[2], e[3]) .. (end_ or "\n")
  end
  return temp.write(dir .. "/x.bin", table.concat(list))
end

local ENTRIES = {{"</s>", 0.5, -1}, {"hat", 2, 3}, {"New_York", -0.25, 1e-3}, {"été", 7, 0}}

local function refused(path, pattern)
  local wv, message = vs.text.WordVectors(path)
  assert.is_nil(wv)
  assert.matches("x.bin: " .. pattern, message)
end

describe("text.WordVectors, binary files of word2vec", function()
  it("reads words and numbers, with and without line ends between", function()
    for _, end_ in ipairs {"\n", ""} do
      local wv = assert(vs.text.WordVectors(file(ENTRIES, nil, end_)))
      assert.same({4, 2}, {#wv, wv:dim()})
      assert.same({0.5, -1}, wv:vector "</s>":tolist())
      assert.same({2, 3}, wv:vector "hat":tolist())
      assert.same({7, 0}, wv:vector "été":tolist())
      assert.near(1e-3, wv:vector "New_York":tolist()[2], 1e-9)
      assert.is_nil(wv:vector "hats")
    end
  end)

  it("takes the first of a repeated word", function()
    local wv = assert(vs.text.WordVectors(file {{"a", 1, 2}, {"a", 3, 4}, {"b", 5, 6}}))
    assert.equal(2, #wv)
    assert.same({1, 2}, wv:vector "a":tolist())
    assert.same({5, 6}, wv:vector "b":tolist())
  end)

  it("refuses what does not fit together, before allocating for it", function()
    refused(file({}, "99999999999 300\n"), "truncated: 0 bytes for the 99999999999 words of 300")
    refused(file({}, "0 2\n"), "line 1 says 0 words of 2 numbers")
    refused(file({}, "2 0\n"), "line 1 says 2 words of 0 numbers")
    refused(file(ENTRIES, "3 2\n"), "%d+ bytes after the last word")
    refused(file {{"", 1, 2}}, "byte 4: word 1 is empty or too long")
    refused(file {{("w"):rep(70000), 1, 2}}, "byte 4: word 1 is empty or too long")
    refused(file {{"a", 1, 0 / 0}}, 'word 1, "a": number 2 is not finite')
    local whole = temp.read(file(ENTRIES, nil, ""))
    for n = 4, #whole - 1 do
      refused(temp.write(dir .. "/x.bin", whole:sub(1, n)), "truncated")
    end
  end)
end)
