-- The kernels of this instruction set against the generic ones: every case of spec/op/cases,
-- outputs and gradients, here and in a process of its own with VESPER_ISA=generic.
local vs = require "vesper"
local cases = require "spec.support.cases"
local gradcheck = require "spec.support.gradcheck"
local numbers = require "spec.support.numbers"
local process = require "spec.support.process"

local LIMIT, SMALL = 1e-5, 0.1 -- of the largest value, or of SMALL where all are smaller

-- What is wrong with tensor here, or nil.
local function difference(here, there)
  return numbers.difference(here, there, gradcheck.is_real(here) and LIMIT or 0, SMALL, "generic")
end

describe("instruction set " .. vs.build.isa, function()
  local other = vs.build.isa ~= "generic" and it or pending

  other("agrees with generic in every case", function()
    local path = os.tmpname()
    assert(process.run("VESPER_ISA=generic lua5.4 spec/support/results.lua " .. path))
    local generic = assert(vs.load(path))
    os.remove(path)
    local compared, wrong = 0, {}
    for key, here in pairs(cases.results(vs)) do
      local message = difference(here, assert(generic[key], "generic has no " .. key))
      if message then wrong[#wrong + 1] = key .. ": " .. message end
      compared = compared + 1
    end
    table.sort(wrong)
    assert(#wrong == 0, table.concat(wrong, "\n"))
    assert(compared > 0, "no case was compared")
  end)

  it("is refused where VESPER_ISA names none", function()
    local ok, said = process.run [[VESPER_ISA=fastest lua5.4 -e 'require "vesper"']]
    assert.is_false(ok)
    assert.matches('VESPER_ISA is "fastest", expected generic, avx2, avx512 or amx', said, 1, true)
  end)
end)
