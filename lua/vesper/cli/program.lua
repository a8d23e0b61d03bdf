-- The program vesper as command.run takes it.  A command's file is loaded when it is needed.
return {
  name = "vesper",
  about = "Trains image-text models, and uses them: data sets, training, search.",
  commands = {names = require "vesper.cli.commands", get = function(name)
    return require("vesper.cli.commands." .. name)
  end},
}
