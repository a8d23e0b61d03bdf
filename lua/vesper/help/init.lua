-- vs.help: prints the documentation of a name, a function, a class or an object.
--
--   vs.help()              all names
--   vs.help "conv2d"       an op; also "vs.conv2d", "Tensor:item", "item", "data", "nn.Linear"
--   vs.help "early stopping"   several words: a search in all texts
--   vs.help(nn.Linear)     by the function itself; vs.help(loader) documents its class
local text = require "vesper.help.text"

--- Prints the documentation of `what`.  Returns nothing: the REPL would print it a second time.
return function(what)
  print((text(what)))
end
