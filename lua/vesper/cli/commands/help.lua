-- `vesper help NAME`: the documentation of a function or a class.
return {
  name = "help",
  about = "Prints the documentation of a function or a class; without a name, all names. " ..
    "Several words are searched for in all texts.",
  places = {{"name", "a name, as nn.Linear, or words", ""}}, options = {},
  run = function(o)
    local help = require "vesper".help
    if o.name == "" then help() else help(o.name) end
    return true
  end,
}
