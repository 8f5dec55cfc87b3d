-- Prints wrk's numbers as one JSON line. wrk counts an answer of 400 or more as errors.status.
-- With an argument N, a {n} in the path becomes a random number from 0 to N-1 with every request.
init = function(args)
  local spread = tonumber(args[1])
  if spread == nil then return end
  local made = {}
  for i = 0, math.min(spread, 10000) - 1 do
    made[i + 1] = wrk.format(nil, (wrk.path:gsub("{n}", tostring(i)):gsub("%%7Bn%%7D", tostring(i))))
  end
  -- A global of this name makes wrk ask for every request, so it is set only where it is needed.
  request = function() return made[math.random(#made)] end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50Ms":%.4f,"p99Ms":%.4f,"maxMs":%.4f,"socketErrors":%d,"errorAnswers":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
