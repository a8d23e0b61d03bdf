-- Writes spec/fuzz/seeds anew: the inputs that fuzzing starts from, beside the fixtures that
-- run.lua names.  From the root of the sources, with vesper on the path.
local vs = require "vesper"
local temp = require "spec.support.temp"

local ROOT = "spec/fuzz/seeds"

local function put(target, name, bytes)
  temp.subfolder(ROOT .. "/" .. target)
  temp.write(("%s/%s/%s"):format(ROOT, target, name), bytes)
end

local dir = temp.folder()

-- Headers as spec/fuzz/support.lua and spec/fuzz/npy.lua take them.
put("npy", "plain", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n"
  .. ("\0"):rep(24))
put("npy", "fortran", "{'descr':'|u1','fortran_order':True,'shape':(1,2,3)}\nabcdef")
put("npy", "int16", "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n\1\0\2\0")
put("npy", "uint64", "{'descr': '<u8', 'fortran_order': False, 'shape': (1,), }\n"
  .. ("\1"):rep(8))
put("npy", "bool", "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n\0\1\1")

local types = {{"F32", 4}, {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"U8", 1},
  {"BOOL", 1}, {"I8", 1}, {"I16", 2}, {"U16", 2}, {"U32", 4}, {"U64", 8}}
for _, type in ipairs(types) do
  put("safetensors", type[1], ('{"__metadata__":{"id":"x"},"a":{"dtype":"%s","shape":[2,1],'
    .. '"data_offsets":[0,%d]},"b":{"dtype":"%s","shape":[],"data_offsets":[%d,%d]}}\n%s'):format(
    type[1], 2 * type[2], type[1], 2 * type[2], 3 * type[2], ("\0"):rep(3 * type[2])))
end
put("safetensors", "escapes", ' { "a\\u0062" : { "note" : [ {"x":"}"} ] , "shape" : [ ] , '
  .. '"data_offsets" : [ 0 , 1 ] , "dtype" : "\\u0055\\u0038" } } \n\1')
assert(vs.save(dir .. "/x", {weight = vs.ones(2, 2), empty = vs.zeros(0, 3)}, {made = "here"}))
put("safetensors", "file", temp.read(dir .. "/x"))

put("csv", "plain", "id,title,label\n1,red hat,hat\n2,\"a \"\"cup\"\"\",cup\n")
put("csv", "lines", "a,b\r\n\"two\r\nlines\",1\r\n\r\n,\r\n")
put("csv", "one", "\xEF\xBB\xBFonly\n\n\"\"\nx")
put("csv", "tabs", "a\tb\n1\t2\n")

put("glove", "glove.txt", "the 0.5 -1e-3 7\nhat 1 2 3.25\n. . . -0 1 2\n")
put("glove", "head.vec", "2 3\nhat 1 2 3\n\xC3\xBCber 1.5e3 -2 .5 \n")

put("glove", "word2vec.bin", "2 3\n</s> " .. string.pack("<fff", 1, 2, 3) .. "\nhat "
  .. string.pack("<fff", -0.5, 0, 1e9) .. "\n")
put("glove", "gensim.bin", "2 1\nthe " .. string.pack("<f", 1) .. "hat " .. string.pack("<f", 2))

put("json", "array", '[{"id": 1, "phrase": "a \\"dog\\""}, [], {}, null, -0.5e-3, true]\n')
put("json", "object",
  '\xEF\xBB\xBF{"info": {"n": [1, 2]}, "images": [{"a": "]"}, 2], "end": "\\u00e9"}')
put("json", "empty", '{"images": []}')
put("json", "text", '"caf\u{E9} \\ud83d\\ude00 \\u0000"')
put("json", "deep", ("["):rep(40) .. 9007199254740993 .. ("]"):rep(40))

-- A file of torch.save's, a zip archive, as spec/fuzz/pth.lua takes its pickle and storages.
local function put_archive(name)
  local bytes = temp.read("spec/fixtures/pth/" .. name .. ".pth")
  local at, entry = string.unpack("<I4", bytes, #bytes - 5) + 1, {}
  while bytes:sub(at, at + 3) == "PK\1\2" do
    local size, long, extra, comment = string.unpack("<I4I2I2I2", bytes, at + 24)
    local head = string.unpack("<I4", bytes, at + 42) + 1
    local first = head + 30 + long + string.unpack("<I2", bytes, head + 28)
    entry[bytes:sub(at + 46, at + 45 + long):match "^[^/]*/(.*)$"] =
      bytes:sub(first, first + size - 1)
    at = at + 46 + long + extra + comment
  end
  local parts, key = {"P" .. entry["data.pkl"]}, 0
  while entry["data/" .. key] do
    parts[#parts + 1], key = entry["data/" .. key], key + 1
  end
  put("pth", name, table.concat(parts, "\nDATA\n"))
end
put_archive "module"
put_archive "nested"
put_archive "protocol4"
put_archive "training"
put_archive "training_protocol4"
put("pth", "module_old", temp.read "spec/fixtures/pth/module_old.pth")
put("pth", "training_old", temp.read "spec/fixtures/pth/training_old.pth")

local function dataset(name, options, item)
  local path = dir .. "/" .. name
  local w = assert(vs.data.Writer(path, options))
  for i = 1, 3 do
    assert(w:add("train", item(i)))
  end
  assert(w:close())
  put("h5", name, temp.read(path))
end

local words = {"<pad>", "<unk>", "a", "hat"}
local function picture(i) return vs.full({3, 2, 2}, i, {dtype = "uint8"}) end
dataset("plain", {name = "toy", classes = {"cup", "hat"}, vocab = words, vectors = vs.ones(4, 2)},
  function(i)
    return {image = picture(i), label = i % 2 + 1, id = "i" .. i, captions = {"a hat", "a"}}
  end)
dataset("regions", {regions = 2, compress = 6, vocab = words}, function(i)
  return {image = picture(i), captions = {"hat"}, regions = vs.ones(i % 2 + 1, 3),
    boxes = vs.zeros(i % 2 + 1, 4), landmark = vs.ones(2, 3)}
end)
dataset("bytes", {classes = {"cup"}}, function(i)
  return {image_bytes = vs.image.encode(picture(i), i == 2 and "jpg" or "png"), label = 1}
end)

for name, bytes in pairs(require "spec.support.picture_kinds") do put("image", name, bytes) end
for _, name in ipairs {"links", "parts", "values"} do
  put("h5", name, temp.read("spec/fixtures/io/" .. name .. ".h5"))
end

for _, target in ipairs {"checkpoint", "model"} do
  local _, seeds = loadfile(("spec/fuzz/%s.lua"):format(target))(dir)
  for i, bytes in ipairs(seeds()) do put(target, "file" .. i, bytes) end
end
temp.remove()
