-- office_hours.lua - outside of office hours, messages to some users are answered and not delivered.
--
--   - file: scripts/office_hours.lua
--     config:
--       users: [support]
--       days: [2, 3, 4, 5, 6]        # 1: Sunday ... 7: Saturday
--       open: 9                      # hours, where the gateway is; or with utc_offset: minutes east of UTC
--       close: 17
--       utc_offset: 60
--       text: "We are here Monday to Friday, 9 to 17."
local config = gateway.config
local users, days = {}, {}
for _, user in ipairs(config.users or {}) do users[user] = true end
for _, day in ipairs(config.days or { 2, 3, 4, 5, 6 }) do days[day] = true end

local function is_open()
  local now = gateway.date(nil, config.utc_offset)
  local hour = now.hour + now.min / 60
  return days[now.wday] and hour >= (config.open or 9) and hour < (config.close or 17)
end

function message(req)
  local kind, id = req:destination()
  if kind ~= "user" or not users[id] or is_open() then return end
  req:answer({
    type = "text",
    from = id,
    content = config.text or "We are closed.",
    reply_to_msg_id = req:get("id"),
  })
end
