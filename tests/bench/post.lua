-- The load of tests/bench/run: POSTs one chat request of 1 KiB; prints what wrk counted as JSON.
--   BENCH_KEY       the client's key
--   BENCH_STREAM    1: ask for a stream
--   BENCH_DELAY_MS  wait so long before each request, on average

local stream = os.getenv("BENCH_STREAM") == "1"
local delay_ms = tonumber(os.getenv("BENCH_DELAY_MS") or "0")
local head = '{"model":"demo-model","stream":' .. tostring(stream) ..
             ',"max_tokens":512,"messages":[{"role":"user","content":"'
local tail = '"}]}'

wrk.method = "POST"
wrk.body = head .. string.rep("a", 1024 - #head - #tail) .. tail
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("BENCH_KEY") or "")

-- wrk asks for a delay before every request of a thread that has this function.
if delay_ms > 0 then
    function delay()
        return math.floor(delay_ms * (0.5 + math.random()))
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format(
        '{"requests":%d,"seconds":%.3f,"rps":%.0f,"p50":%.0f,"p90":%.0f,"p99":%.0f,"failed":%d}\n',
        summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6),
        latency:percentile(50), latency:percentile(90), latency:percentile(99), failed))
end
