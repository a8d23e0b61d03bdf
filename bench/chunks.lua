-- Shuffled epochs over a compressed file whose chunks hold many pictures: every sample over the
-- whole file, chunk by chunk (Loader's chunks), and h5py reading the same batches.
--
--   lua5.4 bench/chunks.lua [pictures = 20000] [rounds = 3] [FILE.h5]
--
-- The file holds uint8 [N,3,64,64] in gzip chunks of 64, as long as nobody gave one, and is removed
-- at the end.  Sides take turns, round by round; medians.  PYTHON names the interpreter that has
-- h5py (python3).  Printed beside seconds: bytes read from files over the size of the file, and the
-- largest memory of this process.
local vs = require "vesper"
local data = vs.data

local pictures, rounds, path = tonumber(arg[1] or 20000), tonumber(arg[2] or 3), arg[3]
local python = os.getenv "PYTHON" or "python3"
local here = arg[0]:match "^(.*/)" or ""
local temp = os.tmpname()
os.remove(temp)

-- Pictures that compress as drawings do: patches of 8 x 8 of one colour, and a noisy corner.
local function write(file)
  vs.manual_seed(1)
  local w = assert(data.Writer(file, {chunk = 64, compress = 4}))
  for _ = 1, pictures do
    local picture = vs.image.resize((vs.rand(3, 8, 8) * 255):to "uint8", {64, 64}, "nearest")
    picture:slice(2, 1, 24):slice(3, 1, 24):copy_((vs.rand(3, 24, 24) * 255):to "uint8")
    assert(w:add("train", {image = picture}))
  end
  assert(w:close())
end

local function field(file, pattern)
  local f = io.open(file)
  local text = f and f:read "a" or ""
  if f then f:close() end
  return tonumber(text:match(pattern)) or 0
end

local function read_so_far() return field("/proc/self/io", "rchar: (%d+)") end

-- Seconds and bytes of an epoch; the order of the samples too, where it is asked for.
local function epoch(options, order)
  collectgarbage() -- readers of one file that are open at once share libhdf5's cache of chunks
  local set = assert(data.open(path))
  options.shuffle, options.seed, options.batch_size, options.workers = true, 1, 64, 2
  local before, start = read_so_far(), vs.now()
  for batch in data.Loader(set, options) do
    if order then order[#order + 1] = batch.index end
  end
  return vs.now() - start, read_so_far() - before
end

local function h5py()
  local pipe = assert(io.popen(("%s %schunks_h5py.py %s %s.npy 64"):format(
    python, here, path, temp)))
  local out = pipe:read "a"
  assert(pipe:close(), "the peer failed")
  return tonumber(out), 0
end

local own = not path
if own then
  path = temp .. ".h5"
  write(path)
end
local file <close> = assert(io.open(path, "rb"))
local size = file:seek "end"

-- The peer of an order reads the batches that the loader gave.
local function same_batches(options)
  local order = {}
  epoch(options, order)
  assert(vs.npy.save(temp .. ".npy", vs.cat(order, 1)))
  return h5py()
end

local lines = {
  {"vesper, all samples", function() return epoch {} end},
  {"h5py, the same batches", function() return same_batches {} end},
  {"vesper, chunks = 16", function() return epoch {chunks = 16} end},
  {"h5py, the same batches", function() return same_batches {chunks = 16} end},
}
local seconds, bytes = {}, {}
for round = 1, rounds do
  for i, line in ipairs(lines) do
    seconds[i] = seconds[i] or {}
    seconds[i][round], bytes[i] = line[2]()
  end
end
print(("%d pictures, %.1f MB in the file, %.1f MB unpacked"):format(
  pictures, size / 1e6, pictures * 3 * 64 * 64 / 1e6))
print(("%-26s %10s %12s"):format("", "s an epoch", "read / size"))
for i, line in ipairs(lines) do
  table.sort(seconds[i])
  print(("%-26s %10.2f %12s"):format(line[1], seconds[i][(rounds + 1) // 2],
    bytes[i] > 0 and ("%.2f"):format(bytes[i] / size) or ""))
end
print(("largest memory of this process %.0f MB"):format(
  field("/proc/self/status", "VmHWM:%s*(%d+)") / 1e3))
os.remove(temp .. ".npy")
if own then os.remove(path) end
