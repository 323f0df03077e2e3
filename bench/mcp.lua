-- One `tools/call` of MCP 2026-07-28, sent again and again; its arguments follow wrk's `--`.
local failed = 0

function init(args)
  wrk.method = "POST"
  wrk.body = args[2]
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json, text/event-stream"
  wrk.headers["MCP-Protocol-Version"] = "2026-07-28"
  wrk.headers["Mcp-Method"] = "tools/call"
  wrk.headers["Mcp-Name"] = args[1]
end

-- A refused call is an answer of status 200, too: only one with the tool's own words counts.
function response(status, headers, body)
  if status ~= 200 or not string.find(body, "refunded", 1, true) then
    failed = failed + 1
    if failed == 1 then print("REFUSED " .. status .. " " .. body) end
  end
end
