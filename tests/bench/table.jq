# Measurements of tests/bench/run, one object each, to the table that it prints.

def median:
    sort | (length / 2 | floor) as $half
    | if length % 2 == 1 then .[$half] else (.[$half] + .[$half - 1]) / 2 end;
def figure:
    if . >= 100000 then "\(. / 1000 | round)k"
    elif . >= 1000 then "\(. / 100 | round | . / 10)k"
    elif . >= 100 then "\(round)"
    else "\(. * 10 | round | . / 10)" end;
def spread: sort | "\(median | figure) (\(first | figure)-\(last | figure))";
# The median of what each round gives, so that a change from round to round takes part in both.
def rounds_part($a; $b):
    [range([$a, $b] | map(length) | min)] | map($a[.] / $b[.])
    | if length == 0 then "-" else "\(median * 100 | round) %" end;
def star: if any then " *" else "" end;
def noise:
    "other programs used \([.[].other_cores | [., 0] | max] | spread) cores meanwhile";
def left($n): . + " " * ([$n - length, 0] | max);
def right($n): " " * ([$n - length, 0] | max) + .;
def row($widths):
    . as $cells
    | [range(length)]
    | map(. as $i | $cells[$i] | if $i == 0 then left($widths[0]) else right($widths[$i]) end)
    | join("  ");

# Only the rounds of a case during which the machine was ours, or all of them when it never was.
def of_quiet_rounds:
    group_by([.part, .transport, .case])
    | map(group_by(.round) as $rounds
        | ($rounds | map(select(([.[].other_cores // 0] | max) < 0.25))) as $quiet
        | if ($quiet | length) > 0 then $quiet | add else . | map(. + {noisy: true}) end)
    | add // [];

(map(select(.round == null)) + (map(select(.round)) | of_quiet_rounds)) as $all
| def of($part): [$all[] | select(.part == $part)];

# ---- decide ----

[30, 8, 18, 16, 6] as $decide_widths
| def decide_line:
    [.key, (.value.ns | figure), (.value.ratio | figure),
     "\(.value.min | figure)-\(.value.max | figure)",
     (if .value.bytes > 0 then "\(.value.bytes)" else "" end)]
    | row($decide_widths);
def decide_lines:
    of("decide")[] | del(.part) | to_entries
    | ["", "Parts of a decision",
       (["", "ns", "x memcpy of 1 KiB", "min-max", "bytes"] | row($decide_widths))]
    + map(decide_line);

# ---- grpc ----

[30, 20, 20, 20, 9, 9] as $rate_widths
| [30, 32, 32, 32] as $latency_widths
| def grpc_values($transport; $case; $server; $key):
    [of("grpc")[]
     | select(.transport == $transport and .case == $case and .server == $server) | .[$key]];
def grpc_rate_line($transport; $case):
    grpc_values($transport; $case; "noop"; "decisions_per_s") as $noop
    | grpc_values($transport; $case; "group"; "decisions_per_s") as $group
    | grpc_values($transport; $case; "decider"; "decisions_per_s") as $real
    | [$case + (grpc_values($transport; $case; "noop"; "noisy") | star),
       ($noop | spread), ($group | spread), ($real | spread),
       rounds_part($real; $noop), rounds_part($real; $group)]
    | row($rate_widths);
def grpc_latency($transport; $case; $server):
    ["admission_p50_us", "admission_p99_us", "report_p50_us", "report_p99_us", "server_cpu_us"]
    | map(grpc_values($transport; $case; $server; .) | median | figure)
    | "\(.[0])/\(.[1]) \(.[2])/\(.[3]) \(.[4])";
def grpc_latency_line($transport; $case):
    [$case] + (["noop", "group", "decider"] | map(grpc_latency($transport; $case; .)))
    | row($latency_widths);
def grpc_lines($transport):
    ["unary", "streamed, one item a message", "streamed, batches form",
     "streamed, batches of 16", "one question at a time"] as $cases
    | [of("grpc")[] | select(.transport == $transport)]
    | if length == 0 then [] else
    ["", "Decisions/s over \($transport): median (min-max);"
         + " an admission and a durable report for each request",
     (["", "no-op", "no-op + commit", "decider", "/ no-op", "/ commit"] | row($rate_widths))]
    + ($cases | map(grpc_rate_line($transport; .)))
    + ["", "admission p50/p99, report p50/p99, and the server's CPU for each decision, in us",
       (["", "no-op", "no-op + commit", "decider"] | row($latency_widths))]
    + ($cases | map(grpc_latency_line($transport; .))) + [noise] end;

# ---- edge ----

[10, 22, 8, 8, 20, 12, 9, 9] as $throughput_widths
| [10, 18, 18, 20, 10, 10] as $low_widths
| [10, 10, 14, 14, 10] as $memory_widths
| def http_values($case; $target; $key):
    [of("http")[] | select(.case == $case and .target == $target) | .[$key]];
def http_figure($case; $target; $key): http_values($case; $target; $key) | median | figure;
def http_part($target; $other):
    http_values("throughput"; $target; "rps") as $a
    | http_values("throughput"; $other; "rps") as $b | rounds_part($a; $b);
def throughput_line($target):
    [$target + (http_values("throughput"; $target; "noisy") | star),
     (http_values("throughput"; $target; "rps") | spread),
     http_figure("throughput"; $target; "p50"), http_figure("throughput"; $target; "p99"),
     (http_values("throughput"; $target; "cpu_us") | spread),
     (if $target == "edge" then http_figure("throughput"; $target; "decider_cpu_us") else "" end),
     http_part($target; "direct"), http_part($target; "nginx")]
    | row($throughput_widths);
# The median of what each round adds to the mock provider's own.
def added_us($target; $key):
    http_values("rate"; $target; $key) as $a | http_values("rate"; "direct"; $key) as $b
    | [range([$a, $b] | map(length) | min)] | map($a[.] - $b[.]) | median | round | tostring;
def low_line($target):
    [$target + (http_values("rate"; $target; "noisy") | star),
     (http_values("rate"; $target; "rps") | spread),
     (http_values("rate"; $target; "p50") | spread),
     (http_values("rate"; $target; "p99") | spread),
     added_us($target; "p50"), added_us($target; "p99")]
    | row($low_widths);
def memory_line:
    [.target, (.idle_kib / 1024 | figure), (.kib / 1024 | figure),
     ((.kib - .idle_kib) / .streams | figure), "\(.sockets)"]
    | row($memory_widths);
def edge_lines:
    if of("http") == [] then [] else
    ["", "Requests/s, 1 KB in, 1 KB out, not streamed; latency and CPU in us",
     (["", "requests/s", "p50", "p99", "CPU/request", "and decider", "/ direct", "/ nginx"]
      | row($throughput_widths)),
     throughput_line("direct"), throughput_line("nginx"), throughput_line("edge"),
     "", "At a low rate: latency in us, and what is added to the mock provider's own",
     (["", "requests/s", "p50", "p99", "added p50", "added p99"] | row($low_widths)),
     low_line("direct"), low_line("nginx"), low_line("edge"),
     "", "Memory (Pss) with \(of("memory")[0].streams) slow streams",
     (["", "idle MiB", "streaming MiB", "KiB/stream", "sockets"] | row($memory_widths))]
    + (of("memory") | map(memory_line))
    + [of("http") | map(select(.other_cores)) | noise] end;

[decide_lines, grpc_lines("unix"), grpc_lines("TCP"), edge_lines] | map(.[]?) | .[]
