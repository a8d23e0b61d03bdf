std = "lua54"
max_line_length = 100
self = false
files["spec/**/*.lua"] = {std = "+busted"}
files["vesper-dev-1.rockspec"] = {std = "+rockspec"}
