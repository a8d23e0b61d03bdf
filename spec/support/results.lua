-- Writes the outputs and gradients of every op case to a file: lua5.4 spec/support/results.lua FILE
local vs = require "vesper"
local level = os.getenv "VESPER_ISA"
assert(level == nil or vs.build.isa == level, "the instruction set is " .. vs.build.isa)
assert(vs.save(arg[1], require "spec.support.cases".results(vs)))
