-- Pictures a second: Loader against PIL with PyTorch's DataLoader, two workers each, on the same
-- encoded pictures: read, decode, resize where a size is asked for, gather to a batch.
--
--   lua5.4 bench/loader.lua [--rounds=5] [--pictures=4000] FOLDER[:ENDING[:HEIGHTxWIDTH]] ...
--
--   lua5.4 bench/loader.lua build/demo/ruby-gemojione:.png ~/fashion/images:.jpg:80x60
--
-- The two sides take turns, round by round; medians are printed, and peer time / our time of each
-- round's pair.  vesper reads the files' bytes out of one HDF5 file (image_bytes), the peer opens
-- the files.  Before anything is timed, the batches of both sides are compared.  PYTHON names the
-- interpreter that has torch and PIL (python3).
local vs = require "vesper"
local data = vs.data

local BATCH, WORKERS = 64, 2
local python = os.getenv "PYTHON" or "python3"
local options, sources = {rounds = 5, pictures = 4000}, {}
for _, a in ipairs(arg) do
  local name, value = a:match "^%-%-(%w+)=(%d+)$"
  if name and options[name] then
    options[name] = tonumber(value)
  else
    sources[#sources + 1] = a
  end
end
if #sources == 0 then
  io.stderr:write("usage: lua5.4 bench/loader.lua [--rounds=5] [--pictures=4000] "
    .. "FOLDER[:ENDING[:HEIGHTxWIDTH]] ...\n")
  os.exit(2)
end

local here = arg[0]:match "^(.*/)" or ""
local temp = os.tmpname()
os.remove(temp)

local function read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

-- The file of all pictures that decode and, without a size, have that of the first; and a list of
-- their paths.
local function write_set(folder, ending, size)
  local paths = assert(data.find(folder, ending))
  local list = assert(io.open(temp .. ".txt", "w"))
  local w, n = nil, 0
  for _, at in ipairs(data.permutation(#paths, 1)) do
    local picture = n < options.pictures and vs.image.load(paths[at])
    if picture then
      size = size or {picture.shape[2], picture.shape[3]}
      w = w or assert(data.Writer(temp .. ".h5", {image_size = size}))
      assert(w:add("train", {image_bytes = read(paths[at])}))
      list:write(paths[at], "\n")
      n = n + 1
    end
  end
  list:close()
  assert(w, folder .. ": no pictures")
  assert(w:close())
  return size, n
end

local function peer(command, size)
  local pipe = assert(io.popen(("%s %sloader_torch.py %s %s.txt %s %d %d %d %d"):format(
    python, here, command, temp, temp .. ".npy", size[1], size[2], BATCH, WORKERS)))
  local out = pipe:read "a"
  assert(pipe:close(), "the peer failed")
  return tonumber(out)
end

local function epoch(loader)
  local start, n = vs.now(), 0
  for batch in loader do n = n + batch.image.shape[1] end
  return vs.now() - start, n
end

-- Largest and mean difference of both sides' first pictures.
local function compare(set, size)
  local index = {}
  for i = 1, BATCH do index[i] = i end
  peer("save", size)
  local theirs, ours = assert(vs.npy.load(temp .. ".npy")), set:batch(index).image
  local gap = (ours:to "float" - theirs:to "float"):abs()
  return gap:max():item(), gap:mean():item()
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

print(("%-28s %8s %10s %10s %7s   %s"):format("pictures", "n", "ours /s", "peer /s", "ratio",
  "of each round; largest, mean difference of bytes"))
for _, source in ipairs(sources) do
  local folder, ending, h, w = source:match "^([^:]*):?([^:]*):?(%d*)x?(%d*)$"
  local size, n = write_set(folder, ending or "", tonumber(h) and {tonumber(h), tonumber(w)})
  local set = assert(data.open(temp .. ".h5"))
  local most, mean = compare(set, size)
  local loader = data.Loader(set, {batch_size = BATCH, workers = WORKERS, shuffle = true, seed = 1})
  epoch(loader)
  local ours, theirs, ratios, shown = {}, {}, {}, {}
  for i = 1, options.rounds do
    ours[i], theirs[i] = epoch(loader), peer("time", size)
    ratios[i] = theirs[i] / ours[i]
    shown[i] = ("%.2f"):format(ratios[i])
  end
  print(("%-28s %8d %10.0f %10.0f %7.2f   %s; %g, %.3f"):format(
    ("%s %dx%d"):format(ending, size[1], size[2]), n, n / median(ours), n / median(theirs),
    median(ratios), table.concat(shown, " "), most, mean))
end
for _, ending in ipairs {".h5", ".txt", ".npy"} do os.remove(temp .. ending) end
