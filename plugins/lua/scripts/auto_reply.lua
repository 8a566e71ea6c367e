-- auto_reply.lua - answers questions that come often, at once; the message goes on to whom it was for.
--
--   - file: scripts/auto_reply.lua
--     config:
--       from: assistant
--       replies:
--         - { pattern: "password", text: "You can reset it at https://example.com/reset" }
--       again_after: 3600      # seconds until the same client gets the same reply again
local config = gateway.config
local again_after = config.again_after or 3600

function message(req)
  local content = req:get("content")
  if type(content) ~= "string" then return end
  content = content:lower()
  local client = req:client()
  for number, reply in ipairs(config.replies or {}) do
    if content:find(reply.pattern) then
      local told = "auto_reply." .. number .. "." .. client:client_id()
      if gateway.shared.get(told) then return end
      gateway.shared.set(told, true, again_after)
      client:send({
        type = "text",
        from = config.from or "assistant",
        content = reply.text,
        reply_to_msg_id = req:get("id"),
      })
      return
    end
  end
end
