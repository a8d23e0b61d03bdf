-- What is written to stderr while fn runs, and the results of fn.
return function(fn, ...)
  local said, real = {}, io.stderr
  local function write(_, ...) said[#said + 1] = table.concat {...} end
  io.stderr = {write = write} -- luacheck: ignore
  local results = table.pack(pcall(fn, ...))
  io.stderr = real -- luacheck: ignore
  assert(results[1], results[2])
  return table.concat(said), table.unpack(results, 2, results.n)
end
