-- The small ones of spec/fuzz/bombs.lua; `make bombs` loads all of them.
local memory = require "spec.support.memory"
local process = require "spec.support.process"

describe("picture files that ask for much", function()
  it("take little time and memory", function()
    if memory.sanitized then return end -- its own memory would be counted
    local ok, said = process.run "lua5.4 spec/fuzz/run_bombs.lua quick"
    assert(ok, said)
    assert(select(2, said:gsub("\n", "\n")) >= 10, said)
  end)
end)
