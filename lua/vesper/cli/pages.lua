-- The man page and the completions for bash and zsh, from the tables of the commands.
local command = require "vesper.util.command"

local pages = {}

-- The commands of a program as {name = words, what =}, those of `prepare` behind it.
local function all(program)
  local list = {}
  local function add(prefix, commands)
    for _, name in ipairs(commands.names) do
      local what = commands.get(name)
      list[#list + 1] = {name = prefix .. name, what = what}
      if what.commands then add(prefix .. name .. " ", what.commands) end
    end
  end
  add("", program.commands)
  return list
end

-- ---- man ----------------------------------------------------------------------------------------

-- A text for roff: backslashes and leading dots and quotes are characters.
local function roff(s)
  s = s:gsub("\\", "\\e"):gsub("%-", "\\-")
  return (("\n" .. s):gsub("\n([.'])", "\n\\&%1"):sub(2))
end

local function man_of(name, what, out)
  local words = {"vesper " .. name}
  for _, place in ipairs(what.places or {}) do words[#words + 1] = command.place(place) end
  if what.commands then words[#words + 1] = what.commands.noun:upper() .. " ..." end
  if #(what.options or {}) > 0 then words[#words + 1] = "[--option=value ...]" end
  out[#out + 1] = ".SS " .. roff(table.concat(words, " "))
  out[#out + 1] = roff(what.about)
  for _, row in ipairs(what.commands and {} or command.rows(what)) do
    local default = row[3] and row[3] ~= "" and " (" .. row[3] .. ")" or ""
    out[#out + 1] = (".TP\n.B %s\n%s"):format(roff(row[1]), roff(row[2] .. default))
  end
  for _, example in ipairs(what.examples or {}) do
    out[#out + 1] = (".PP\n.RS 2\n%s\n.RS 4\n%s\n.RE\n.RE"):format(roff(example[1]),
      roff(example[2]))
  end
end

--- The man page in roff.
function pages.man(program)
  local out = {'.TH VESPER 1 "" "vesper" "User Commands"',
    ".SH NAME\nvesper \\- " .. roff(program.about), ".SH SYNOPSIS",
    ".B vesper\n.br\n.B vesper\n.I SCRIPT\n[arguments]\n.br\n.B vesper \\-e\n.I CODE\n.br\n"
      .. ".B vesper\n.I COMMAND\n[arguments] [\\-\\-option=value ...]", ".SH DESCRIPTION",
    roff("Without arguments vesper is a prompt for Lua with the library loaded. The name of a "
      .. "file runs it as a script. Options may stand anywhere behind the command; --help prints "
      .. "them, -- ends them."), ".SH COMMANDS"}
  for _, one in ipairs(all(program)) do man_of(one.name, one.what, out) end
  out[#out + 1] = ".SH EXIT STATUS\n0; 1 if the command failed, 2 if the command line is invalid."
  return table.concat(out, "\n") .. "\n"
end

-- ---- completions --------------------------------------------------------------------------------

-- {words of a command, what may follow: options and subcommands}
local function followers(program)
  local list = {{"", table.concat(program.commands.names, " ") .. " --help --version"}}
  for _, one in ipairs(all(program)) do
    local words = {}
    for _, name in ipairs(one.what.commands and one.what.commands.names or {}) do
      words[#words + 1] = name
    end
    for _, option in ipairs(one.what.options or {}) do
      local alone = type(option[2]) == "boolean" or option.kind == command.BOOLEAN
      words[#words + 1] = "--" .. option[1] .. (alone and "" or "=")
    end
    if one.name == "help" then table.move(program.commands.names, 1, #program.commands.names,
      #words + 1, words) end
    words[#words + 1] = "--help"
    list[#list + 1] = {one.name, table.concat(words, " ")}
  end
  return list
end

-- {"command --option", "choice choice"}
local function choices(program)
  local list = {}
  for _, one in ipairs(all(program)) do
    for _, option in ipairs(one.what.options or {}) do
      if option.choices then
        list[#list + 1] = {one.name .. " --" .. option[1], table.concat(option.choices, " ")}
      end
    end
  end
  return list
end

local function cases(list, indent)
  local lines = {}
  for i, entry in ipairs(list) do
    lines[i] = ('%s"%s") found="%s" ;;'):format(indent, entry[1], entry[2])
  end
  return table.concat(lines, "\n")
end

-- Shell functions that leave in $found what may follow the words of a command.
local function lookup(program, name)
  return ([[
%s() {
  found=
  case "$1" in
%s
  esac
}]]):format(name, cases(followers(program), "  ")) .. ([[

%s_choices() {
  found=
  case "$1" in
%s
  esac
}]]):format(name, cases(choices(program), "  "))
end

--- Completion for bash.
function pages.bash(program)
  return "# Completion of vesper for bash, written by `vesper help --completion=bash`.\n"
    .. lookup(program, "_vesper_words") .. [[

_vesper() {
  local cur line command found option
  cur="${COMP_WORDS[COMP_CWORD]}"
  line="${COMP_LINE:0:COMP_POINT}"
  command=
  if [ "$COMP_CWORD" -gt 1 ]; then command="${COMP_WORDS[1]}"; fi
  if [ "$command" = prepare ] && [ "$COMP_CWORD" -gt 2 ]; then
    command="prepare ${COMP_WORDS[2]}"
  fi
  option="${line##* }"
  case "$option" in
    --*=*)
      _vesper_words_choices "$command ${option%%=*}"
      cur="${option#*=}"
      if [ -n "$found" ]; then COMPREPLY=($(compgen -W "$found" -- "$cur"))
      else COMPREPLY=($(compgen -f -- "$cur")); fi
      compopt -o filenames 2>/dev/null
      return ;;
  esac
  _vesper_words "$command"
  COMPREPLY=($(compgen -W "$found" -- "$cur"))
  case "$cur" in -*) ;; *)
    if [ -z "$command" ] || [ "${#COMPREPLY[@]}" -eq 0 ]; then
      COMPREPLY+=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null
    fi ;;
  esac
  case "${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _vesper vesper
]]
end

--- Completion for zsh.
function pages.zsh(program)
  return "#compdef vesper\n"
    .. "# Completion of vesper for zsh, written by `vesper help --completion=zsh`.\n"
    .. lookup(program, "_vesper_words") .. [[

_vesper() {
  local cur="$words[CURRENT]" command= found= option
  local -a open closed
  if (( CURRENT > 2 )); then command="$words[2]"; fi
  if [ "$command" = prepare ] && (( CURRENT > 3 )); then command="prepare $words[3]"; fi
  case "$cur" in
    --*=*)
      _vesper_words_choices "$command ${cur%%=*}"
      compset -P '*='
      if [ -n "$found" ]; then compadd -- ${=found}; else _files; fi
      return ;;
  esac
  _vesper_words "$command"
  for option in ${=found}; do
    case "$option" in *=) open+=("$option") ;; *) closed+=("$option") ;; esac
  done
  compadd -S '' -- $open
  compadd -- $closed
  case "$cur" in -*) ;; *) _files ;; esac
}
if [ "$funcstack[1]" = _vesper ]; then _vesper "$@"; else compdef _vesper vesper; fi
]]
end

return pages
