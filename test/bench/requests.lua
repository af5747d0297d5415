-- The request generator that wrk runs.  Parameters come in the environment:
-- VERB, BASE (path up to the container's number), CONTAINERS, SIZE, SEEDED, TOKEN, RUN.
-- PUT makes new names; AGAIN puts seeded ones at random once more; GET takes seeded ones at random; DELETE each seeded one once;
-- MIXED is 70 GET, 25 PUT and 5 DELETE (of what it has put) in a hundred; LIST asks
-- for the first container's listing.
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local verb, base, containers, seeded, run, body, headers, count

function init(args)
  verb, base, run = os.getenv("VERB"), os.getenv("BASE"), os.getenv("RUN")
  containers = tonumber(os.getenv("CONTAINERS"))
  seeded = tonumber(os.getenv("SEEDED"))
  headers = { ["X-Auth-Token"] = os.getenv("TOKEN") }
  count = 0
  math.randomseed(id + 1)
  if verb == "PUT" or verb == "AGAIN" or verb == "MIXED" then
    body = string.rep("ringstack bench ", tonumber(os.getenv("SIZE")) / 16)
  end
end

local mixed_put, mixed_gone = 0, 0

local function mixed()
  local dice = math.random(100)
  if dice <= 70 then
    local number = math.random(0, seeded - 1)
    return wrk.format("GET", base .. (number % containers) .. "/s" .. number, headers)
  end
  -- A name that others may still be writing is not deleted yet.
  local gone = dice > 95 and mixed_gone + 256 < mixed_put
  if gone then mixed_gone = mixed_gone + 1 else mixed_put = mixed_put + 1 end
  local number = gone and mixed_gone or mixed_put
  local path = base .. (number % containers) .. "/" .. run .. "-" .. id .. "-" .. number
  if gone then return wrk.format("DELETE", path, headers) end
  return wrk.format("PUT", path, headers, body)
end

function request()
  if verb == "MIXED" then return mixed() end
  if verb == "LIST" then
    return wrk.format("GET", base .. "0?format=json&limit=10000", headers)
  end
  local name
  count = count + 1
  if verb == "PUT" then
    name = run .. "-" .. id .. "-" .. count
    return wrk.format("PUT", base .. (count % containers) .. "/" .. name, headers, body)
  end
  local number = math.random(0, seeded - 1)
  if verb == "DELETE" then
    number = count - 1
    if number >= seeded - 1 then wrk.thread:stop() end
  end
  local path = base .. (number % containers) .. "/s" .. number
  if verb == "AGAIN" then return wrk.format("PUT", path, headers, body) end
  return wrk.format(verb, path, headers)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "\n@@%d %d %d %.3f %.3f %d\n",
    summary.requests, summary.bytes, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
