-- with(defaults, changes): a table with what both hold; changes, which may be nil, decide.
return function(defaults, changes)
  local all = {}
  for key, value in pairs(defaults) do all[key] = value end
  for key, value in pairs(changes or {}) do all[key] = value end
  return all
end
