local vs = require "vesper"
local temp = require "spec.support.temp"

describe("vs.io.csv", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  local function rows(text, options)
    return vs.io.csv_rows(temp.write(dir .. "/x.csv", text), options)
  end

  it("reads rows by the header's names", function()
    local seen = {}
    for row in vs.io.csv(temp.write(dir .. "/a.csv", "id,title\n1,red hat\n2,\n")) do
      seen[#seen + 1] = row
    end
    assert.same({{id = "1", title = "red hat"}, {id = "2", title = ""}}, seen)
  end)

  it("reads quotes, quotes in quotes, delimiters and line ends in quotes", function()
    local want = {{a = 'say "hi"', b = "x,y"}, {a = "two\nlines", b = "cr\r\nlf"},
      {a = "", b = '5"'}}
    assert.same(want, (rows('a,b\n"say ""hi""","x,y"\n"two\nlines","cr\r\nlf"\n"",5"\n')))
  end)

  it("takes LF, CRLF and CR, a byte order mark and a missing last line end", function()
    for _, text in ipairs {"a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r",
                           "\xEF\xBB\xBFa,b\n1,2\n\n3,4\n\n"} do
      local list, columns = rows(text)
      assert.same({{a = "1", b = "2"}, {a = "3", b = "4"}}, list)
      assert.same({"a", "b"}, columns)
    end
  end)

  it("keeps an empty line as a value when there is one column", function()
    assert.same({{a = "1"}, {a = ""}, {a = "2"}}, (rows("a\n1\n\n2\n")))
  end)

  it("takes another delimiter", function()
    assert.same({{a = "1,5", b = "2"}}, (rows("a;b\n1,5;2\n", {delimiter = ";"})))
    assert.same({{a = "1 5", b = "2"}}, (rows("a\tb\n1 5\t2\n", {delimiter = "\t"})))
    assert.error_matches(function() rows("a\n1\n", {delimiter = "::"}) end, "one character")
    assert.error_matches(function() rows("a\n1\n", {separator = ","}) end,
      "unknown option 'separator'")
  end)

  it("reads fields across the edges of its buffer", function()
    local lines, want = {"n,text"}, {}
    for i = 1, 9000 do
      local text = ("word%d "):rep(i % 7, "x"):format(i, i, i, i, i, i, i)
      want[i] = {n = tostring(i), text = text .. '"'}
      lines[i + 1] = ('%d,"%s"""'):format(i, text)
    end
    local list = rows(table.concat(lines, "\r\n"))
    assert.equal(#want, #list)
    for i = 1, #want do
      assert(list[i].n == want[i].n and list[i].text == want[i].text, "row " .. i)
    end
  end)

  it("names file and line of a row with too few or too many fields", function()
    local text = "id,title,kind\n1,\"two\nlines\",hat\n2,boot\n"
    local path = temp.write(dir .. "/products.csv", text)
    local list, message = vs.io.csv_rows(path)
    assert.is_nil(list)
    assert.equal(path .. ":4: 2 fields, the header has 3", message)
    list, message = rows("a,b\n1,2,3\n")
    assert.is_nil(list)
    assert.matches("x%.csv:2: 3 fields, the header has 2$", message)
    list, message = rows('a,b\n""\n')
    assert.is_nil(list)
    assert.matches("x%.csv:2: 1 field, the header has 2$", message)
  end)

  it("raises in the middle of a loop, after the rows before", function()
    local seen = 0
    assert.error_matches(function()
      for _ in vs.io.csv(temp.write(dir .. "/b.csv", "a,b\n1,2\n3\n")) do seen = seen + 1 end
    end, "b%.csv:3: 1 field, the header has 2")
    assert.equal(1, seen)
  end)

  it("names the line of a quote that never closes and of text behind one", function()
    local _, message = rows('a,b\n1,2\n3,"open\nand on\n')
    assert.matches("x%.csv:3: the quote that opens here is never closed", message)
    _, message = rows('a,b\n1,"x"y\n')
    assert.matches("x%.csv:2: text after a closing quote", message)
  end)

  it("refuses fields without end, and two columns of one name", function()
    local _, message = rows('a,b\n1,"' .. ("x"):rep(1100000) .. '"\n')
    assert.matches("x%.csv:2: a field of more than 1 MiB", message)
    _, message = rows('a,b\n1,"' .. ('""'):rep(1100000) .. '"\n')
    assert.matches("x%.csv:2: a field of more than 1 MiB", message)
    _, message = rows("a,b,a\n1,2,3\n")
    assert.matches("x%.csv:1: two columns are named 'a'", message)
    _, message = rows((","):rep(5000) .. "\n")
    assert.matches("x%.csv:1: more than 4096 fields", message)
  end)

  it("gives nil and a message for a missing, empty or unfit file", function()
    local reader, message = vs.io.csv(dir .. "/none.csv")
    assert.is_nil(reader)
    assert.matches("none%.csv: No such file", message)
    reader, message = vs.io.csv(temp.write(dir .. "/empty.csv", ""))
    assert.is_nil(reader)
    assert.matches("empty%.csv: empty", message)
    reader, message = vs.io.csv(dir)
    assert.is_nil(reader)
    assert.matches("not a file", message)
  end)

  it("closes its file when a loop is left", function()
    local reader, state, control, closing = vs.io.csv(temp.write(dir .. "/c.csv", "a\n1\n2\n"))
    for row in reader, state, control, closing do
      if row.a == "1" then break end
    end
    assert.error_matches(function() reader() end, "closed")
    reader = assert(vs.io.csv(dir .. "/c.csv"))
    assert.same({"a"}, reader:columns())
    assert.same({a = "1"}, reader())
    assert.equal(2, reader:line())
    reader:close()
    reader:close()
  end)
end)
