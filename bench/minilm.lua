-- Sentence embeddings of a Hugging Face folder (all-MiniLM-L6-v2, say) against transformers':
--   lua5.4 bench/minilm.lua FOLDER      with PYTHON naming a Python that has transformers
-- Fails when a cosine is below 0.99999 or a number off by more than 1e-4.
local vs = require "vesper"

local folder = assert(arg[1], "usage: lua5.4 bench/minilm.lua FOLDER")
local python = os.getenv "PYTHON" or "python3"

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local out = os.tmpname()
os.remove(out)
assert(os.execute("mkdir " .. quote(out)))
assert(os.execute(("%s bench/minilm.py %s %s"):format(python, quote(folder), quote(out))))
local texts = assert(vs.io.json_load(out .. "/texts.json"))
local want = assert(vs.npy.load(out .. "/embeddings.npy")):clone()
assert(os.execute("rm -r " .. quote(out)))

local bert = assert(vs.models.BERT.from_pretrained(folder))
local start = vs.now()
local got = bert:embed(texts)
local seconds = vs.now() - start
local cosine, off = (got * want):sum(2), (got - want):abs():max():item()
local length = ((got * got):sum(2) - 1):abs():max():item()
for i, text in ipairs(texts) do
  local difference = (got[i] - want[i]):abs():max():item()
  if cosine[i]:item() < 0.99999 or difference > 1e-4 then
    print(("%.7f  %.2g  %q"):format(cosine[i]:item(), difference, text:sub(1, 60)))
  end
end
print(("%d texts in %.2f s: least cosine %.7f, largest difference %.2g, of lengths from 1 %.2g")
  :format(#texts, seconds, cosine:min():item(), off, length))
os.exit(cosine:min():item() >= 0.99999 and off <= 1e-4)
