-- routing.lua - messages to a name go to one of the people behind it: to the same one for each client, as long as
-- that one is there; to the next who is online otherwise.
--
--   - file: scripts/routing.lua
--     config:
--       names: { support: [ann, bob, cem] }
local names = gateway.config.names or {}

local function next_online(name, people)
  for _ = 1, #people do
    -- One counter for all threads of the gateway.
    local person = people[(gateway.shared.add("routing." .. name) or 1) % #people + 1]
    if gateway.online(person) > 0 then return person end
  end
end

function message(req)
  local kind, name = req:destination()
  local people = kind == "user" and names[name]
  if not people then return end
  local client = req:client()
  local person = client:get("routing." .. name)
  if not person or gateway.online(person) == 0 then
    person = next_online(name, people)
    if not person then return req:reject("unavailable", "nobody of " .. name .. " is here") end
    client:set("routing." .. name, person)
  end
  req:set_destination("user", person)
end
