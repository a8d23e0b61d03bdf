local vs = require "vesper"
local temp = require "spec.support.temp"

describe("vs.io.xml_texts", function()
  local dir
  setup(function() dir = temp.folder() end)
  teardown(temp.remove)

  local function texts(xml)
    local list, message = vs.io.xml_texts(temp.write(dir .. "/x.svg", xml))
    if not list then return nil, message end
    local flat = {}
    for i, t in ipairs(list) do flat[i] = t.name .. " = " .. t.text end
    return flat
  end

  it("gives each element's own text, without prefixes and folded", function()
    assert.same({"svg/RDF/Work/title = A red hat", "svg/RDF/Work/li = b & é", "svg/p/b = two",
      "svg/p = one three", "svg/c = <raw>"}, texts [==[<?xml version="1.0" encoding="UTF-8"?>
<!-- a drawing --><svg xmlns:rdf="x" xmlns:cc="y" width="3"><rdf:RDF><cc:Work>
 <dc:title>A red
   hat </dc:title><rdf:li>b &amp; &#233;</rdf:li><rdf:li> </rdf:li></cc:Work></rdf:RDF>
<p>one <b>two</b> three</p><c><![CDATA[<raw>]]></c><path d="M 0 0"/></svg>]==])
    assert.same({}, texts "<svg/>")
  end)

  it("knows Latin 1 and the file's own entities", function()
    assert.same({"svg = caf\u{E9} noir"}, texts(
      '<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE svg [<!ENTITY n "noir">]>'
      .. "<svg>caf\xE9 &n;</svg>"))
  end)

  it("reads no other file", function()
    local other = temp.write(dir .. "/secret.txt", "secret")
    assert.same({"svg/b = c"}, texts(('<!DOCTYPE svg SYSTEM "%s" [<!ENTITY f SYSTEM "%s">]>'
      .. "<svg><a>&f;</a><b>c</b></svg>"):format(other, other)))
  end)

  it("tells what is wrong, and where", function()
    local function refused(xml, want)
      local list, message = texts(xml)
      assert.is_nil(list)
      assert.matches("x.svg: " .. want, message, 1, true)
    end
    refused("<svg>\n <a></b></svg>", "line 2, column 7: mismatched tag")
    refused("", "line 1, column 1: no element found")
    refused("<svg>\xFF</svg>", "line 1, column 6: not well-formed")
    refused("<svg>&nothing;</svg>", "line 1, column 6: undefined entity")
    refused(("<a>"):rep(1001) .. ("</a>"):rep(1001), "line 1, column 3001: nested more than 1000")
    refused("<a>" .. ("x"):rep(1 << 20) .. "</a>", "line 1")
    local list, message = vs.io.xml_texts(dir .. "/none.svg")
    assert.is_nil(list)
    assert.matches("none.svg: No such file", message)
  end)

  it("survives names and entities that multiply", function()
    local bomb = {'<!DOCTYPE a [<!ENTITY e0 "lol lol lol">'}
    for i = 1, 9 do
      bomb[#bomb + 1] = ('<!ENTITY e%d "%s">'):format(i, ("&e" .. i - 1 .. ";"):rep(10))
    end
    bomb[#bomb + 1] = "]><a>&e9;</a>"
    local list, message = texts(table.concat(bomb))
    assert.is_nil(list)
    assert.matches("x.svg: line 1", message, 1, true)
    -- long names, each text of which would be given with all of them
    local name = ("n"):rep(4000)
    list, message = texts(("<" .. name .. ">x"):rep(200) .. ("</" .. name .. ">"):rep(200))
    assert.is_nil(list)
    assert.matches("more than 1 MiB of text", message, 1, true)
  end)

  it("crashes on no file cut short or damaged", function()
    local whole = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY n "noir">]>'
      .. '<a><b:c d="e">f &n; g</b:c><!-- h --><![CDATA[i]]></a>'
    for n = 0, #whole - 1 do
      assert.is_nil((texts(whole:sub(1, n))))
      for _, byte in ipairs {"\0", "<", "&", "\xC3"} do
        local list, message = texts(whole:sub(1, n) .. byte .. whole:sub(n + 2))
        assert(list or message:find("x.svg: line", 1, true))
      end
    end
  end)
end)
