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
  local a, b, top = numbers.flat(here), numbers.flat(there), SMALL
  if #a ~= #b then return ("%d elements, generic %d"):format(#a, #b) end
  for _, v in ipairs(b) do top = math.max(top, math.abs(v)) end
  local limit = gradcheck.is_real(here) and LIMIT * top or 0
  for i = 1, #b do
    local near = math.abs(a[i] - b[i]) <= limit or a[i] == b[i] -- infinite
    if not near and (a[i] == a[i] or b[i] == b[i]) then
      return ("element %d is %.9g, generic %.9g"):format(i, a[i], b[i])
    end
  end
end

describe("instruction set " .. vs.build.isa, function()
  if vs.build.isa == "generic" then return end

  it("agrees with generic in every case", function()
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
end)
