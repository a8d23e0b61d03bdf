-- A pass over a loader for a `for`: it ends its workers when the loop is left, also by an error.
-- Other iterators are returned as they are.
local text = require "vesper.util.text"

return function(loader)
  if text.kind(loader) == "a Loader" then return loader:batches() end
  return loader
end
