-- For the specs of preparers: copies of spec/fixtures/sets to damage, and what a split holds.
local vs = require "vesper"
local temp = require "spec.support.temp"

local sets = {folder = "spec/fixtures/sets/"}

--- A copy of one of the fixtures, a folder or a file.
function sets.copy(name)
  local root = temp.folder()
  assert(os.execute(("cp -r '%s%s' '%s/copy'"):format(sets.folder, name, root)))
  return root .. "/copy"
end

--- Replaces the first place where a file holds `old`.
function sets.change(path, old, new)
  local bytes = temp.read(path)
  local first, last = bytes:find(old, 1, true)
  assert(first, "nothing to change")
  temp.write(path, bytes:sub(1, first - 1) .. new .. bytes:sub(last + 1))
end

--- Cuts a file to its first n bytes.
function sets.cut(path, n) temp.write(path, temp.read(path):sub(1, n)) end

--- The samples of a split, one an image, each with its id; and the set.
function sets.samples(path, split)
  local set, list = vs.data.open(path, split, {captions = "first"}), {}
  for i = 1, set and #set or 0 do
    list[i] = set[i]
    list[i].id = set:id(i)
  end
  return list, set
end

--- Asserts that no two splits share what `of` gives for their samples, and counts the samples.
function sets.never_cross(path, splits, of)
  local where, n = {}, 0
  for _, split in ipairs(splits) do
    for _, sample in ipairs((sets.samples(path, split))) do
      local key = of(sample)
      assert(where[key] == nil or where[key] == split, key .. " crosses")
      where[key] = split
      n = n + 1
    end
  end
  return n
end

--- Asserts that the preparer gave nil and a message that holds `want`, and left nothing at `out`.
function sets.refused(want, out, summary, message)
  assert(summary == nil, "was not refused")
  assert(message:find(want, 1, true), message .. "\nexpected: " .. want)
  assert(io.open(out) == nil, out .. " was left")
end

return sets
