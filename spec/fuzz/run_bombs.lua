-- make bombs: lua5.4 spec/fuzz/run_bombs.lua [quick]
-- Loads each file of spec/fuzz/bombs.lua in a process of its own and prints the time and the memory
-- that it took.  Exits with 1 when one took more than 5 s of a processor, or more memory than four
-- times its stated picture (three bytes a pixel) and 12 MB, which hold the file and the decoder.
--
-- With `one I PATH` it is such a process, for the I-th file, which it writes to PATH.
local vs = require "vesper"
local bombs = require "spec.fuzz.bombs"

local SECONDS, SMALL = 5, 12 << 20

-- A line of this process's own counters in bytes.
local function counter(name)
  local file <close> = assert(io.open "/proc/self/status")
  return tonumber(file:read "a":match(name .. ":%s*(%d+) kB")) * 1024
end

local function load_one(bomb, path)
  local file <close> = assert(io.open(path, "wb"))
  local bytes = bomb.make()
  assert(#bytes <= 1000000, "more than 1 MB")
  assert(file:write(bytes) and file:flush())
  collectgarbage()
  local reset <close> = assert(io.open("/proc/self/clear_refs", "w"))
  assert(reset:write "5" and reset:flush()) -- the peak counts from here
  local before, start = counter "VmRSS", os.clock()
  local picture, message = vs.image.load(path)
  local seconds, memory = os.clock() - start, counter "VmHWM" - before
  local fine = seconds <= SECONDS and memory <= 4 * 3 * bomb.width * bomb.height + SMALL
  print(("%-46s %7d bytes %6.2f s %7.1f MB  %s%s"):format(bomb.name, #bytes, seconds, memory / 1e6,
    picture and "read" or message:gsub("^[^:]*: ", ""):sub(1, 60), fine and "" or "  TOO MUCH"))
  os.exit(fine)
end

if arg[1] == "one" then load_one(bombs[tonumber(arg[2])], arg[3]) end
local path, clean = os.tmpname(), true
for i, bomb in ipairs(bombs) do
  if bomb.quick or arg[1] ~= "quick" then
    clean = os.execute(("%s spec/fuzz/run_bombs.lua one %d %s"):format(arg[-1], i, path)) and clean
  end
end
os.remove(path)
os.exit(clean)
