-- Every example answers --help, and refuses what it does not know before it does anything.
local run = require "spec.support.process".run

local examples = {}
local _, listing = run "ls examples"
for name in listing:gmatch "[^\n]+%.lua" do examples[#examples + 1] = name end

describe("an example", function()
  it("is there", function() assert(#examples >= 5) end)

  for _, name in ipairs(examples) do
    local script = "lua5.4 examples/" .. name

    it(name .. " answers --help", function()
      local _, text, status = run(script .. " --help")
      assert.equal(0, status, text)
      assert.matches("^usage: lua5.4 examples/" .. name:gsub("%p", "%%%0"), text)
    end)

    it(name .. " refuses an unknown option, and a line without what it needs", function()
      local _, text, status = run(script .. " a b c d e --nonsense=true")
      assert.equal(2, status, text)
      assert.matches("unknown option '--nonsense', expected one of --", text, 1, true)
      _, text, status = run(script)
      assert.equal(2, status, text)
      assert.matches(" is missing\nusage: ", text, 1, true)
    end)
  end
end)
