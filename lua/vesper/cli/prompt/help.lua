-- Help at the prompt: `?`, `?name`, `??words`.
local vs = require "vesper"

local ABOUT = [[
Type Lua. An expression prints its value; `local` stays known; an unfinished input goes on in the
next line. vs, nn, optim, data, text, models and metrics are set.

  ?name       documents a function, a class or a variable's object: ?conv2d, ?nn.Linear, ?x
  ??words     searches the texts of help: ??early stopping
  show(x)     draws a picture, a batch of pictures or a curve
  Tab         completes names, methods, options and file names
  Ctrl-C      stops what is running; the session goes on
  Ctrl-D      ends the session
]]

local SHOW = [[
show(x, path?)
  Draws a picture, a batch of pictures or a curve in the terminal; writes a file if there is no
  terminal, or if a path is given.
    x     a picture [3,H,W], [1,H,W] or [H,W]; a batch [B,C,H,W]; a sample or a batch with a field
          image; a list of numbers or a tensor of one dimension; the history of train.fit
    path  a .png or .jpg for pictures, a .svg for curves
]]

local help = {}

-- The object that the name of a variable of the session refers to, if it is one of vesper's.
local function object(environment, words)
  local value = environment
  for part in words:gmatch "[^.]+" do
    if type(value) ~= "table" then return nil end
    value = value[part]
  end
  local kind = type(value)
  return (kind == "table" or kind == "userdata" or kind == "function") and value or nil
end

local function is_object(value)
  return type(value) == "userdata" or value ~= nil and debug.getmetatable(value) ~= nil
end

-- What vs.help gets: the object of a variable, the name of a method for `?x:reshape`, or the words.
local function subject(words, environment)
  local owner, method = words:match "^([%a_][%w_.]*)[.:]([%w_]+)$"
  if owner and type(object(environment, owner)) == "userdata" then return method end
  local value = words:match "^[%a_][%w_.]*$" and object(environment, words)
  if value and is_object(value) then return value end
  return words
end

--- Answers an input that begins with a question mark.
function help.answer(input, environment)
  local marks, words = input:match "^%s*(%?+)%s*(.-)%s*$"
  words = words:gsub("%s*%(.*%)$", "")
  if words == "" then
    io.write(ABOUT)
  elseif #marks == 1 and words == "show"
      and rawequal(environment.show, require "vesper.cli.prompt.draw") then
    io.write(SHOW)
  elseif #marks > 1 then
    print(require "vesper.help.search".text(words))
  else
    vs.help(subject(words, environment))
  end
end

return help
