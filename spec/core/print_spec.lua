-- Tensors as a person sees them at the prompt.
local vs = require "vesper"

local function shown(t) return tostring(t) end

describe("a printed tensor", function()
  it("shows whole numbers as such, in aligned columns, with dtype and shape", function()
    assert.equal("[[ 1, -2],\n [10,  4]]\nfloat32 [2,2]", shown(vs.tensor {{1, -2}, {10, 4}}))
    assert.equal("[1, 2]  int64 [2]", shown(vs.tensor({1, 2}, {dtype = "int64"})))
    assert.equal("[ true, false]  bool [2]", shown(vs.tensor {true, false}))
    assert.equal("3  float32 []", shown(vs.tensor(3)))
    assert.equal("float32 [0,2]", shown(vs.zeros(0, 2)))
  end)

  it("shows fractions with four digits, very large and small ones with an exponent", function()
    assert.equal("[0.5000, 1.2500]  float32 [2]", shown(vs.tensor {0.5, 1.25}))
    assert(shown(vs.tensor {1e-9, 1}):find("1.0000e-09", 1, true))
    assert(shown(vs.tensor {1e20, 1}):find("1.0000e+20", 1, true))
    local odd = shown(vs.tensor {0 / 0, 1 / 0, -1 / 0})
    assert(odd:find "nan" and odd:find "inf" and odd:find "%-inf", odd)
    local big = vs.tensor({math.maxinteger, math.mininteger}, {dtype = "int64"})
    assert(shown(big):find(tostring(math.mininteger), 1, true))
  end)

  it("is shortened when long", function()
    local text = shown(vs.arange(1, 2000))
    assert(text:find("1,    2,    3, ..., 1998, 1999, 2000", 1, true), text)
    assert(#shown(vs.zeros(1000, 1000)) < 500)
    assert(#shown(vs.zeros(50, 60, 70)) < 3000)
    assert.equal(1000, select(2, shown(vs.zeros(1000)):gsub("%f[%d]0[,%]]", "")))
  end)

  it("says when it is part of a graph or asks for a gradient", function()
    local x = vs.ones(1):requires_grad_()
    assert(shown(x):find ", requires_grad$")
    assert(shown(x * 2):find ", part of a graph$")
  end)

  it("of turned and expanded views shows their own order", function()
    local x = vs.tensor {{1, 2}, {3, 4}}
    assert.equal("[[1, 3],\n [2, 4]]\nfloat32 [2,2]", shown(x:t()))
    assert.equal("[[7, 7]]\nfloat32 [1,2]", shown(vs.tensor({{7}}):expand(1, 2)))
  end)
end)
