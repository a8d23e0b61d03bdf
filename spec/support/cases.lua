-- The cases of spec/op/cases/*.lua, and how one is run.  A file returns a list of
--   {op = "conv2d", name = "stride 2",
--    inputs = function(vs, numbers) return {x, w, b} end,  -- for the tensor arguments, in order:
--                                    tensors, lists of tensors, numbers; nil where absent
--    args = {stride = 2},         -- by name, or by position: {2, 1}
--    grad = {true, true, false},  -- default: every tensor of the real type
--    constant = {"weight"},       -- tensor arguments that have no gradient at all
--    seed = 1,                    -- for ops that draw random numbers
--    call = function(vs, ...) end,  -- when vs[op](inputs..., args) is not it
--    forward = function(vs, outputs, inputs) assert(...) end}  -- checks the values
-- An op with a gradient needs a case that asks for it; one without needs a case with `forward`.
local gradcheck = require "spec.support.gradcheck"
local numbers = require "spec.support.numbers"

local cases = {}

-- Every case, in a fixed order; its key names it.
function cases.all()
  local list, seen = {}, {}
  local pipe = assert(io.popen "ls spec/op/cases/*.lua")
  for path in pipe:lines() do
    for i, case in ipairs(assert(loadfile(path))()) do
      assert(case.op and case.inputs, path .. ": case " .. i .. " lacks op or inputs")
      case.file, case.name = path, case.name or "plain"
      case.key = case.op .. ", " .. case.name
      assert(not seen[case.key], path .. ": two cases are called " .. case.key)
      seen[case.key] = true
      list[#list + 1] = case
    end
  end
  pipe:close()
  return list
end

local tensor_kinds = {tensor = true, any = true, index = true, mask = true, operand = true,
  tensors = true, buffer = true}

-- {name=, tensor=true or false, kind=} of each argument of a descriptor.
local function args_of(op)
  local list = {}
  for name, kind in op.signature:gmatch "([%w_]+):([%a]+)" do
    list[#list + 1] = {name = name, kind = kind, tensor = tensor_kinds[kind] or false}
  end
  return list
end

-- Those that are tensors.
function cases.tensor_args(op)
  local list = {}
  for _, arg in ipairs(args_of(op)) do if arg.tensor then list[#list + 1] = arg end end
  return list
end

-- The op as a function of the case's inputs: the first ones by position, whatever comes after an
-- argument that is not a tensor or is absent by name.
function cases.caller(vs, op, case)
  if case.call then return function(...) return case.call(vs, ...) end end
  local args, other, spec = case.args or {}, {}, args_of(op)
  for _, arg in ipairs(spec) do if not arg.tensor then other[#other + 1] = arg.name end end
  local by_name = {}
  for key, value in pairs(args) do by_name[other[key] or key] = value end
  return function(...)
    local inputs, positional, named, k = {...}, {}, {}, 0
    for key, value in pairs(by_name) do named[key] = value end
    for i, arg in ipairs(spec) do
      if arg.tensor then
        k = k + 1
        if #positional == i - 1 then positional[i] = inputs[k] else named[arg.name] = inputs[k] end
      end
    end
    if next(named) then positional[#positional + 1] = named end
    local first = gradcheck.is_tensor(inputs[1]) and inputs[1] or nil
    local fn = vs[op.name] or first and first[op.name]
    return assert(fn, "neither vs nor tensors have " .. op.name)(table.unpack(positional))
  end
end

function cases.inputs(vs, case) return case.inputs(vs, numbers) end

-- Which inputs stay contiguous: the ones that the op writes.
local function written(op)
  local keep = {}
  for i, arg in ipairs(cases.tensor_args(op)) do keep[i] = arg.kind == "buffer" end
  return keep
end

-- Runs forward on contiguous inputs and on views with swapped strides, and checks the values.
function cases.check_forward(vs, op, case)
  for pass = 1, 2 do
    local inputs, keep = cases.inputs(vs, case), written(op)
    for i, v in ipairs(inputs) do
      if pass == 2 and not keep[i] then
        if gradcheck.is_tensor(v) then inputs[i] = gradcheck.swapped(vs, v)
        elseif type(v) == "table" then
          for j, t in ipairs(v) do v[j] = gradcheck.swapped(vs, t) end
        end
      end
    end
    if case.seed then vs.manual_seed(case.seed) end
    local outputs = {cases.caller(vs, op, case)(table.unpack(inputs))}
    local ok, message = pcall(case.forward, vs, outputs, inputs)
    if not ok then
      local layout = pass == 1 and "inputs contiguous" or "inputs not contiguous"
      error(layout .. ": " .. tostring(message), 0)
    end
  end
end

-- Whether the case derives at all: grad = {} says that it only looks at values.
function cases.derives(case) return not case.grad or next(case.grad) ~= nil end

function cases.check_gradient(vs, op, case)
  return gradcheck(vs, cases.caller(vs, op, case), cases.inputs(vs, case),
    {grad = case.grad, seed = case.seed, keep = written(op)})
end

-- Whether the case asks for the gradient of input i.
function cases.wants(case, inputs, i)
  local v = inputs[i]
  local t = type(v) == "table" and v[1] or v
  if not gradcheck.is_tensor(t) or not gradcheck.is_real(t) then return false end
  return not case.grad or case.grad[i] or false
end

-- Outputs and gradients of every case, as {key = tensor}: to compare builds and instruction sets.
function cases.results(vs)
  local results, ops = {}, {}
  for _, op in ipairs(vs.ops()) do ops[op.name] = op end
  for _, case in ipairs(cases.all()) do
    local op, inputs = ops[case.op], cases.inputs(vs, case)
    local leaves = gradcheck.leaves_of(inputs, #inputs, case.grad)
    local tensors = {}
    for k, leaf in ipairs(leaves) do
      tensors[k] = leaf.t:detach():clone()
      if leaf.wants and not op.nograd and not op.inplace then tensors[k]:requires_grad_() end
    end
    if case.seed then vs.manual_seed(case.seed) end
    local outputs = {cases.caller(vs, op, case)(
      table.unpack(gradcheck.rebuild(inputs, #inputs, leaves, tensors), 1, #inputs))}
    local derived
    for i, out in ipairs(outputs) do
      if gradcheck.is_tensor(out) then
        results[case.key .. "/output " .. i] = out:detach():clone()
        derived = derived or out.requires_grad
      end
    end
    if derived then
      gradcheck.weigh(vs, outputs):backward()
      for k, leaf in ipairs(leaves) do
        if leaf.wants then results[case.key .. "/gradient " .. k] = tensors[k].grad end
      end
    end
  end
  return results
end

return cases
