-- The request generator that wrk runs.  Parameters come in the environment:
-- VERB, BASE (path up to the container's number), CONTAINERS, SIZE, SEEDED, TOKEN, RUN.
-- PUT makes new names; GET and HEAD take seeded ones at random; DELETE each seeded
-- one once; LIST asks for the first container's listing.
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
  if verb == "PUT" then
    body = string.rep("ringstack bench ", tonumber(os.getenv("SIZE")) / 16)
  end
end

function request()
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
  return wrk.format(verb, base .. (number % containers) .. "/s" .. number, headers)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "\n@@%d %d %d %.3f %.3f %d\n",
    summary.requests, summary.bytes, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
