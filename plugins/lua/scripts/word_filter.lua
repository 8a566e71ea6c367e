-- word_filter.lua - words that must not be said: masks them, or refuses the message.
--
--   - file: scripts/word_filter.lua
--     config: { words: [darn, heck], action: mask }     # or refuse
local config = gateway.config
local forbidden = {}
for _, word in ipairs(config.words or {}) do
  forbidden[word:lower()] = true
end
local refuse = config.action == "refuse"

-- Letters, digits, and every byte of a character beyond ASCII: "[%w\128-\255]+" takes "Zoë" whole.
local word_pattern = "[%w\128-\255]+"

function message(req)
  local content = req:get("content")
  if type(content) ~= "string" then return end
  local found = false
  local masked = content:gsub(word_pattern, function(word)
    if not forbidden[word:lower()] then return nil end
    found = true
    return ("*"):rep(#word)
  end)
  if not found then return end
  if refuse then return req:reject("forbidden", "mind your language") end
  req:set("content", masked)
end

-- What back ends say is looked at, too.
publish = message
