-- Asks Gatehouse about a request, with the HTTP client of HAProxy 2.5 and newer. For haproxy.cfg beside this file.
-- Sets txn.gatehouse to "yes" when the request may pass; otherwise the client gets Gatehouse's answer. When this
-- script fails HAProxy goes on with the next rule, so a rule after it must ask for the "yes".

local address = os.getenv("GATEHOUSE") or "127.0.0.1:9091"

-- Who is there: every name is set or removed, so that nothing of a client's reaches the app under it.
local identity = {
  "remote-user", "remote-name", "remote-email", "remote-groups", "remote-assurance", "remote-amr", "gatehouse-assertion",
}

-- Of the client's request Gatehouse needs to see only these.
local shown = {
  "accept", "access-control-request-method", "authorization", "cookie", "origin", "sec-fetch-mode",
  "sec-websocket-key", "user-agent",
}

-- Of Gatehouse's answer these go to a client that may not pass.
local told = { "cache-control", "content-security-policy", "content-type", "location", "retry-after", "www-authenticate" }

local is_identity = {}
for _, name in ipairs(identity) do is_identity[name] = true end

local function values(list)
  local all = {}
  local index = 0
  while list[index] ~= nil do
    all[#all + 1] = list[index]
    index = index + 1
  end
  return all
end

core.register_action("gatehouse", { "http-req" }, function(txn)
  local sent = txn.http:req_get_headers()
  local headers = {
    ["host"] = { txn.f:req_hdr("host") },
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-proto"] = { "https" },
    ["x-forwarded-host"] = { txn.f:req_hdr("host") },
    ["x-forwarded-uri"] = { txn.f:pathq() },
    ["x-forwarded-for"] = { txn.f:src() },
  }
  for _, name in ipairs(shown) do
    if sent[name] ~= nil then headers[name] = values(sent[name]) end
  end
  local answer = core.httpclient():get({ url = "http://" .. address .. "/auth/verify", headers = headers })

  if answer.status == 200 then
    -- Some apps take "_" and "." in a name for "-".
    for name in pairs(sent) do
      if is_identity[name:lower():gsub("[_.]", "-")] then txn.http:req_del_header(name) end
    end
    for _, name in ipairs(identity) do
      local value = answer.headers[name]
      if value ~= nil and value[0] ~= "" then txn.http:req_set_header(name, value[0]) end
    end
    txn:set_var("txn.gatehouse", "yes")
    return
  end

  local reply = txn:reply({ status = answer.status >= 300 and answer.status or 503, body = answer.body })
  for _, name in ipairs(told) do
    if answer.headers[name] ~= nil then
      for _, value in ipairs(values(answer.headers[name])) do reply:add_header(name, value) end
    end
  end
  txn:done(reply)
end, 0)
