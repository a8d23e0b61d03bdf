-- The dtype of a result of two operands, against PyTorch's (spec/golden/integers.py): each op, each
-- pair of dtypes, tensors with and without dimensions, and numbers.
local vs = require "vesper"
local golden = require "spec.support.golden"

local DTYPES = {"uint8", "int32", "int64", "bool", "float32"}
local FLOAT = 5

-- The operands of the tables in their order: {dtype's position, as text, value}.
local operands = {}
for _, shape in ipairs {{2}, {}} do
  for i, dtype in ipairs(DTYPES) do
    operands[#operands + 1] = {i, dtype .. (#shape == 0 and " without dimensions" or ""),
      vs.ones(shape):to(dtype)}
  end
end
operands[#operands + 1] = {3, "1", 1}
operands[#operands + 1] = {FLOAT, "1.5", 1.5}

-- Where vesper differs, as docs/tensors.md says: {whether it does, what it gives}.
local differences = {
  -- no integer arithmetic narrower than int64, so that uint8 and int32 do not wrap around; bool
  -- counts as 0 and 1
  {"integers give int64", function(want, a, b) return want < FLOAT and a < FLOAT and b < FLOAT end,
    "int64"},
  -- 2 ^ -1 is 0.5; PyTorch refuses it
  {"a power of integers gives float32", function(want, a, b, op)
    return op == "pow" and want < FLOAT and a < FLOAT and b < FLOAT
  end, "float32"},
}

-- PyTorch refuses bool in some ops, and numbers on the left of fmod; vesper has one rule for all.
local function own_rule(a, b, op)
  if op == "eq" or op == "lt" then return "bool" end
  local real = a == FLOAT or b == FLOAT or op == "div" or op == "pow"
  return real and "float32" or "int64"
end

describe("the dtype of", function()
  local tables, used = golden.load "integers", {}
  for name, rows in pairs(tables) do
    local op = name:match "^promotion/(.*)$"
    if op then
      it(op .. " is PyTorch's", function()
        for i, left in ipairs(operands) do
          for j, right in ipairs(operands) do
            local want = rows[{i, j}]:item()
            local expected = DTYPES[want] or own_rule(left[1], right[1], op)
            for _, d in ipairs(differences) do
              if want > 0 and op ~= "eq" and op ~= "lt" and d[2](want, left[1], right[1], op) then
                expected, used[d[1]] = d[3], true
              end
            end
            if vs.is_tensor(left[3]) or vs.is_tensor(right[3]) then
              local got = vs[op](left[3], right[3]).dtype
              if vs.build.real == "double" and got == "float64" then got = "float32" end
              assert(got == expected, ("%s of %s and %s is %s, expected %s"):format(op, left[2],
                right[2], got, expected))
            end
          end
        end
      end)
    end
  end

  it("every difference that is named", function()
    for _, d in ipairs(differences) do assert(used[d[1]], d[1]) end
  end)
end)
