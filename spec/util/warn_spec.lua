-- vs.warn and vs.set_warnings: where warnings go, what they begin with, how often each is printed;
-- and that no other file of vesper prints one.
local vs = require "vesper"
local heard = require "spec.support.heard"
local process = require "spec.support.process"
local temp = require "spec.support.temp"

-- A script with this text: what it writes to standard output and error, each with a name before it.
local function script(folder, text)
  local path = temp.write(folder .. "/train.lua", text)
  local ok, said = process.run(("cd %s && { lua5.4 train.lua 2>&1 >out | sed s/^/err:/; "
    .. "sed s/^/out:/ out; }"):format(folder))
  assert(ok and path, said)
  return said
end

describe("vs.warn", function()
  local folder
  setup(function() folder = temp.folder() end)
  teardown(temp.remove)
  after_each(function() vs.set_warnings(true) end)

  it("writes to standard error, with the line of the script", function()
    assert.equal("err:vesper warning: train.lua:3: slow\nout:done\n", script(folder, [[
      local vs = require "vesper"

      vs.warn "slow"
      print "done"
    ]]))
  end)

  it("names the script's line for warnings of the library", function()
    local said = script(folder, [[
      local vs = require "vesper"
      local loss = vs.nn.HingeRanking{warmup = 0}
      for i = 1, 120 do
        loss(vs.ones(4, 4))
      end
    ]])
    assert.matches("^err:vesper warning: train%.lua:4: HingeRanking: the loss has been 0%.4", said)
  end)

  it("prints a text once for each line", function()
    local said = heard(function()
      for i = 1, 6 do vs.warn("part " .. (i + 1) // 2) end
      for _ = 1, 2 do vs.warn "part 1" end
    end)
    local lines = {}
    for line in said:gmatch "[^\n]+" do lines[#lines + 1] = line:match "part %d" end
    assert.same({"part 1", "part 2", "part 3", "part 1"}, lines)
  end)

  it("is silent when warnings are off; turning them on forgets what was printed", function()
    local function again() return (heard(function() vs.warn "again" end)) end
    assert.matches("again", again())
    assert.equal("", again())
    assert.is_true(vs.set_warnings(false))
    assert.equal("", again())
    assert.is_false(vs.set_warnings(true))
    assert.matches("again", again())
  end)

  it("refuses what is no text", function()
    assert.error_matches(function() vs.warn() end, "warn: message is missing, expected a string")
    assert.error_matches(function() vs.warn {} end, "warn: message is a table, expected a string")
    assert.error_matches(function() vs.set_warnings "off" end, "set_warnings: on is 'off'")
  end)

  -- Output that is asked for: progress of training and bars, answers of programs at the shell.
  it("is how every file of the library warns", function()
    local may = {["lua/vesper/util/warn.lua"] = true, ["lua/vesper/util/command.lua"] = true,
      ["lua/vesper/util/bar.lua"] = true, ["lua/vesper/train/progress.lua"] = true,
      ["lua/vesper/train/fit.lua"] = true}
    local files, found = io.popen "find lua/vesper -name '*.lua' ! -path 'lua/vesper/cli/*'", {}
    for path in files:lines() do
      if not may[path] and temp.read(path):find("io.stderr", 1, true) then
        found[#found + 1] = path
      end
    end
    files:close()
    assert.same({}, found)
    -- csrc/dist writes after Lua has ended
    local ok, said = process.run("! grep -nE '(stderr|[^_a-z](printf|perror|puts) *\\()' "
      .. "$(ls csrc/*/*.c | grep -v '^csrc/dist/')")
    assert(ok, said)
  end)
end)
