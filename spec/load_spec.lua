-- Loading: quick, more than once, in several Lua states, from any folder; and the generated pages.
local run = require "spec.support.process".run

local LIMIT = 0.030 -- seconds that require may take

describe("require 'vesper'", function()
  -- Whoever runs the specs says which build is meant (VESPER_CORE): a path of busted's own must not
  -- put another in its place.
  it("loads the library that is to be tested", function()
    local meant = os.getenv "VESPER_CORE"
    if meant then assert.equal(meant, package.searchpath("vesper.core", package.cpath)) end
  end)

  -- Processor time: what else the machine does at the moment is not counted.
  it("takes under 30 ms", function()
    local best = math.huge
    local script = [[local start = os.clock(); require "vesper"; io.write(os.clock() - start)]]
    for _ = 1, 5 do
      local ok, said = run("lua5.4 -e '" .. script .. "'")
      assert(ok, said)
      best = math.min(best, (assert(tonumber(said), said)))
    end
    assert(best < LIMIT, ("the best of five is %.1f ms"):format(best * 1000))
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
end)
