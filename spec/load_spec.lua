-- Loading: little, more than once, in several Lua states, from any folder; and the generated pages.
local run = require "spec.support.process".run

-- What require may take: instructions of Lua's machine, kB of its heap.
local STEPS, HEAP = 13000, 380

describe("require 'vesper'", function()
  -- Whoever runs the specs says which build is meant (VESPER_CORE): a path of busted's own must not
  -- put another in its place.
  it("loads the library that is to be tested", function()
    local meant = os.getenv "VESPER_CORE"
    if not meant then return pending "no VESPER_CORE" end
    assert.equal(meant, package.searchpath("vesper.core", package.cpath))
  end)

  -- What a script waits for at the start, counted where nothing else the machine does is counted.
  it("runs and keeps little", function()
    local ok, said = run [[lua5.4 -e '
      local steps, before = 0, collectgarbage "count"
      debug.sethook(function() steps = steps + 1 end, "", 1)
      require "vesper"
      debug.sethook()
      collectgarbage()
      print(steps, collectgarbage "count" - before)']]
    assert(ok, said)
    local steps, heap = said:match "^(%d+)%s+([%d.]+)%s*$"
    assert(tonumber(steps) < STEPS and tonumber(heap) < HEAP, said)
  end)

  it("works from any folder", function()
    local ok, said = run [[cd / && lua5.4 -e 'print(require "vesper".ones(2):sum():item())']]
    assert(ok, said)
    assert.matches("^2", said)
  end)

  it("may be loaded twice", function()
    local ok, said = run [[lua5.4 -e '
      local one = require "vesper"
      local x = one.ones(2)
      for name in pairs(package.loaded) do
        if name:find "^vesper" then package.loaded[name] = nil end
      end
      local two = require "vesper"
      assert(one ~= two)
      assert((x + two.ones(2)):sum():item() == 4)']]
    assert(ok, said)
  end)

  it("defines no globals", function()
    local ok, said = run [[lua5.4 -e '
      local before = {}
      for name in pairs(_G) do before[name] = true end
      require "vesper"
      for name in pairs(_G) do assert(before[name], name) end']]
    assert(ok, said)
  end)
end)

describe("generated pages", function()
  it("are what `make docs` writes", function()
    local ok, said = run "lua5.4 docs/generate.lua --check"
    assert(ok, said)
  end)

  -- What an editor would mark as wrong though it is right.
  it("let editors take sizes one by one, some options, and own fields of modules", function()
    local file = assert(io.open "lua/vesper/meta.lua")
    local text = file:read "a"
    file:close()
    for _, line in ipairs {
      "---@overload fun(self, ...: integer): vesper.Tensor\nfunction Tensor:reshape(",
      "---@overload fun(path, split, o: vesper.options.data.open): vesper.Dataset\n",
      "---@overload fun(optimizer, o: vesper.options.optim.lr_scheduler.StepLR): vesper.Scheduler",
      "---@overload fun(...: any): any\n---@field [string] any\n",
      "---@class vesper.CIM: vesper.VSE\n",
    } do assert(text:find(line, 1, true), line) end
  end)
end)
