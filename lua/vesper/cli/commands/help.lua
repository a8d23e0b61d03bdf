-- vesper help: a command, a function, a class; the man page and the completions for shells.

local what = {
  name = "help",
  about = "Prints the help of a command, of a function or of a class of the library. Without a "
    .. "name it lists the commands.",
  places = {{"name", "train, conv2d, nn.Linear, ...", optional = true}},
  options = {
    {"man", false, "prints the man page"},
    {"completion", "", "prints the completion for a shell", choices = {"bash", "zsh"}},
  },
  examples = {{"vesper help train", "the same as vesper train --help"},
    {"vesper help topk", "a function of the library"},
    {"eval \"$(vesper help --completion=bash)\"", "completion in this shell"}},
}

function what.run(o)
  local command = require "vesper.util.command"
  local program = require "vesper.cli.program"
  local pages = require "vesper.cli.pages"
  local page = o.man and pages.man or pages[o.completion]
  if page or not o.name then
    if page then io.write(page(program)) else require "vesper.cli".main {"--help"} end
    return
  end
  for _, name in ipairs(program.commands.names) do
    if name == o.name then
      return print(command.help(program.commands.get(name), "vesper " .. name))
    end
  end
  require "vesper"
  local text, known = require "vesper.help.text"(o.name)
  if not known then return nil, text end
  print(text)
end

return what
