-- make fuzz: lua5.4 spec/fuzz/run.lua FUZZER FOLDER SECONDS LIMITS TARGET ...
-- Runs libFuzzer on each target in turn.  What it learns stays in FOLDER/corpus/TARGET; an input
-- that fails is kept as FOLDER/TARGET-<kind>-<hash> and its path printed.  Exits with 1 when there
-- was one.
local fuzzer, folder, seconds, limits = table.unpack(arg, 1, 4)

-- Inputs to start from, beside spec/fuzz/seeds/TARGET and spec/fuzz/found/TARGET.
local FIXTURES = {image = "io", npy = "npy", glove = "text", pth = "pth"}

local LONGEST = {h5 = 65536} -- bytes of an input; 16384 for the others

-- libhdf5 may take two seconds before it is told damaged (csrc/io/h5probe.c), several times.
local SLOWEST = {h5 = 120} -- seconds of an input, 30 for the others

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function lines_of(command)
  local list, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local scratch = assert(lines_of(
  "mktemp -d -p /dev/shm vesper-fuzz.XXXXXX 2>/dev/null || mktemp -d")[1])

local function run(target)
  local corpus, log = ("%s/corpus/%s"):format(folder, target), ("%s/%s.log"):format(folder, target)
  local places = {corpus}
  for _, place in ipairs {"spec/fuzz/seeds/" .. target, "spec/fuzz/found/" .. target,
    FIXTURES[target] and "spec/fixtures/" .. FIXTURES[target]} do
    if os.execute("test -d " .. quote(place)) then places[#places + 1] = place end
  end
  assert(os.execute("mkdir -p " .. quote(corpus)))
  local dictionary = "spec/fuzz/" .. target .. ".dict"
  local extra = os.execute("test -f " .. dictionary) and "-dict=" .. dictionary or ""
  local function program(symbolize)
    return ("VESPER_FUZZ=%s VESPER_FUZZ_DIR=%s OMP_NUM_THREADS=1 LSAN_OPTIONS=print_suppressions=0 "
      .. "ASAN_OPTIONS=quarantine_size_mb=16:max_allocation_size_mb=512:symbolize=%d "
      .. "UBSAN_OPTIONS=print_stacktrace=1:symbolize=%d %s %s"):format(
      target, scratch, symbolize, symbolize, quote(fuzzer), limits)
  end
  -- names of functions take seconds in each child of libhdf5's that crashes
  local ok = os.execute(("%s %s -max_len=%d -timeout=%d -max_total_time=%d -print_final_stats=1 "
    .. "-artifact_prefix=%s %s >%s 2>&1")
    :format(program(0), extra, LONGEST[target] or 16384,
      SLOWEST[target] or 30, seconds,
      quote(("%s/%s-"):format(folder, target)), table.concat(places, " "), quote(log)))
  local text = table.concat(lines_of("cat " .. quote(log)), "\n")
  local coverage = 0
  for n in text:gmatch " cov: (%d+)" do coverage = tonumber(n) end
  print(("%-12s %8s inputs, %5d edges, %5s MiB at most: %s"):format(target,
    text:match "number_of_executed_units: (%d+)" or "?", coverage,
    text:match "peak_rss_mb: +(%d+)" or "?", ok and "nothing found" or "FOUND"))
  if ok then return true end
  print("  log: " .. log)
  for path in text:gmatch "Test unit written to (%S+)" do
    print("  input: " .. path)
    os.execute(("%s %s >>%s 2>&1"):format(program(1), quote(path), quote(log)))
  end
  return false
end

local clean = true
for i = 5, #arg do clean = run(arg[i]) and clean end
os.execute("rm -rf " .. quote(scratch))
os.exit(clean)
