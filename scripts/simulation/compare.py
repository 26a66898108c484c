"""The table of scripts/check-simulation.sh: steps predicted by supcon plan, and simulated."""

import json
import os
import subprocess
import sys

folder, plans, statistics = sys.argv[1:3] + sys.argv[9:10]
hosts, models, speeds, networks = (text.split() for text in sys.argv[3:7])
samples, limit = int(sys.argv[7]), float(sys.argv[8])

# Links as fast and as slow as --link says, whatever the length of a message; computing is in the delays.
OPTIONS = """smpi/privatization:no network/model:CM02 network/bandwidth-factor:1 network/latency-factor:1 network/weight-S:0
network/crosstraffic:0 network/optim:Full smpi/simulate-computation:no smpi/test:0 smpi/grow-injected-times:no smpi/async-small-thresh:0
smpi/send-is-detached-thresh:0 smpi/coll-selector:mpich contexts/stack-size:1024""".split()


def platform(network, count, link):
    """Hosts with a link each: to one switch that blocks none, or to one of the lower switches of a full fat tree of two levels."""
    topology, hop = "", link["latency_seconds"] / 2
    if network == "fat-tree":
        lower = min(32, 1 << (count.bit_length() - 1) // 2)
        topology = f'topology="FAT_TREE" topo_parameters="2;{lower},{count // lower};1,{lower};1,1"'
        hop /= 2
    return f"""<?xml version="1.0"?><!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1"><cluster id="hosts" prefix="host" suffix="" radical="0-{count - 1}" speed="1Gf"
  bw="{link['bytes_per_second']}Bps" lat="{hop}s" sharing_policy="SPLITDUPLEX" {topology}/></platform>"""


def inputs(plan, row):
    """The words that simulated-step reads."""
    sizes, compute, seconds = plan["inputs"]["sizes"], plan["inputs"]["compute"], row["seconds"]
    whole = max(compute["segments"])
    shards = row["batch_size"] // row["ranks"] // sizes["samples_per_shard"]
    values = {
        "shards_per_rank": shards,
        "embedding_bytes": sizes["rows_per_shard"] * sizes["embedding_byte_count"],
        "label_bytes": sizes["samples_per_shard"] * sizes["label_byte_count"],
        "statistic_bytes": sizes["rows_per_shard"] * sizes["statistic_byte_count"],
        "vector_length": sizes["vector_length"],
        "segments": ",".join(map(str, sizes["segments"])),
        "completions": ",".join(str(compute["backward"] * (1 - one / whole)) for one in compute["segments"]),
        "forward": seconds["data"] + seconds["forward"],
        "overlap": int(plan["overlap"]),
    }
    shared = sizes.get("shared_statistics")
    if shared:
        values["statistics"] = ",".join(map(str, shared["lengths"]))
    values["forward_statistics"] = shared["forward_count"] if shared else 0
    values |= {name: seconds[name] for name in ("loss", "backward", "update")}
    return " ".join(f"{name}={value}" for name, value in values.items())


def simulated(plan, row, network):
    """The step of SMPI."""
    count = row["ranks"]
    with open(f"{folder}/platform.xml", "w") as file:
        file.write(platform(network, count, plan["link"]))
    with open(f"{folder}/hosts", "w") as file:
        file.writelines(f"host{index}\n" for index in range(count))
    environment = os.environ | {
        "SIMULATED_STEP": inputs(plan, row),
        "SIMULATED_MESSAGE_MICROSECONDS": str(1e6 * plan["inputs"]["message_seconds"]),
        "SIMULATED_SUM_NANOSECONDS": str(1e9 * plan["inputs"]["compute"]["messages"]["sum_seconds_per_byte"]),
        "SIMULATED_SOCKET_NANOSECONDS": str(1e9 * plan["inputs"]["compute"]["messages"]["socket_seconds_per_byte"]),
        # Memory that a rank frees goes to the next one, not to the system, which would clear it again: at 1,024 ranks most of the time.
        "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    }
    run = subprocess.run(
        ["smpirun", "-no-privatize", "-np", str(count), "-platform", f"{folder}/platform.xml", "-hostfile", f"{folder}/hosts"]
        + [f"--cfg={option}" for option in OPTIONS] + ["--log=root.thres:critical", f"{folder}/libstep.so"],
        env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(next(line for line in run.stdout.splitlines() if line.startswith("{")))


def check_messages(plan, found):
    """Stops if the layer did not send what the plan counts: calls, and bytes into rank 0, whose slices may be an element shorter than the mean."""
    for collective, name in (("MPI_Alltoall", "all_to_all"), ("MPI_Allgather", "all_gather")):
        costs = [cost for cost in plan["traffic"] if cost["collective"] == collective]
        calls, received = sum(cost["calls"] for cost in costs), sum(cost["received_bytes"] for cost in costs)
        assert found[f"{name}_calls"] == calls, f"{collective}: {found[f'{name}_calls']} calls, planned {calls}"
        assert abs(found[f"{name}_bytes"] / received - 1) < 0.005, f"{collective}: {found[f'{name}_bytes']} bytes, planned {received}"


def added(seconds):
    """The seconds that messages add to a step."""
    return seconds["statistics"] + seconds["gather"] + seconds["reduce"]


print(f"{samples} samples a host; one rank a host; gather and reduction: what they add to the step\n")
print("| model | Gb/s | network | ranks | step, predicted | simulated | ratio | messages, ratio | statistics, predicted | simulated | gather, predicted | simulated | reduction, predicted | simulated | efficiency, predicted | simulated |")
print("|" + "---|" * 16)
is_close = True
for model in models:
    for speed in speeds:
        with open(f"{plans}/{model}-{speed}-{samples}-{statistics}.json") as file:
            plan = json.load(file)["scaling"]
        rows = {row["ranks"]: row for row in plan["weak_scaling"]}
        alone = rows[1]["seconds_per_step"]
        for network in networks:
            for count in map(int, hosts):
                row = rows[count]
                found = simulated(plan, row, network)
                if count == plan["hosts"]:
                    check_messages(plan, found)
                step, messages = row["seconds_per_step"] / found["seconds_per_step"], added(row["seconds"]) / added(found)
                is_close = is_close and abs(step - 1) <= limit and abs(messages - 1) <= limit
                print(
                    f"| {model} | {speed} | {network} | {count:,} | {row['seconds_per_step']:.3f} s | {found['seconds_per_step']:.3f} s | {step:.3f} | {messages:.2f} "
                    f"| {1e3 * row['seconds']['statistics']:.1f} ms | {1e3 * found['statistics']:.1f} ms "
                    f"| {1e3 * row['seconds']['gather']:.1f} ms | {1e3 * found['gather']:.1f} ms "
                    f"| {1e3 * row['seconds']['reduce']:.1f} ms | {1e3 * found['reduce']:.1f} ms "
                    f"| {row['efficiency']:.3f} | {alone / found['seconds_per_step']:.3f} |", flush=True)
sys.exit(0 if is_close else 1)
