-- Fuzz target: vs.npy.load, mapped and not.  Bytes that begin with a brace are a header, up to a
-- line feed, and the data behind it; others are the file itself.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path = (...) .. "/x.npy"

local function file_of(bytes)
  if bytes:sub(1, 1) ~= "{" then return bytes end
  local header, data = bytes:match "^([^\n]*\n)(.*)$"
  return "\x93NUMPY\1\0" .. string.pack("<s2", (header or bytes):sub(1, 65535)) .. (data or "")
end

return function(bytes)
  support.write(path, file_of(bytes))
  local mapped = support.try(vs.npy.load, path)
  local dense = support.try(vs.npy.load, path, {mmap = false})
  assert((mapped == nil) == (dense == nil), "mapped and not, the file is judged differently")
  if mapped then
    assert(mapped.dtype == dense.dtype and mapped:numel() == dense:numel())
    support.read(mapped)
    local copy = path .. ".copy"
    assert(vs.npy.save(copy, mapped))
    local again = assert(vs.npy.load(copy))
    assert(tostring(again) == tostring(dense), "reads otherwise than it was written")
    os.remove(copy)
  end
  os.remove(path)
end
