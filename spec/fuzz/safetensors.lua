-- Fuzz target: vs.load.  What is read is saved and read again.
local vs = require "vesper"
local support = require "spec.fuzz.support"

local path = (...) .. "/x.safetensors"

return function(bytes)
  support.write(path, support.safetensors(bytes))
  local tensors, metadata = support.try(vs.load, path)
  os.remove(path)
  if not tensors then return end
  local count = 0
  for _, tensor in pairs(tensors) do
    support.read(tensor)
    count = count + 1
  end
  local copy = path .. ".copy"
  if not support.try(vs.save, copy, tensors, metadata) then return end
  local again, same = assert(vs.load(copy))
  os.remove(copy)
  for name, tensor in pairs(tensors) do
    assert(tostring(again[name]) == tostring(tensor), "reads otherwise than it was written")
    count = count - 1
  end
  assert(count == 0)
  for key, value in pairs(metadata or {}) do assert(same[key] == value) end
end
