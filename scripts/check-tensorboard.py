#!/usr/bin/env python3
"""Reads the TensorBoard event files of runs with TensorBoard's own reader and compares them with metrics.jsonl and summary.json.

    python3 -m venv .venv && .venv/bin/pip install tensorboard
    .venv/bin/python scripts/check-tensorboard.py RUN [RUN…]

The tag of a scalar is the kind of a row of metrics.jsonl and the name of a field, `step/loss`. It must have the field's value in
float32, at every step that has the field and no other; summary.json must agree with the last step. Ends with 1 if anything differs, if
an event file is damaged, or if nothing could be compared.
"""

import json
import math
import pathlib
import re
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader


def rows(path):
    """The numbers of metrics.jsonl by tag and step; a later row of a step wins, as after a resume."""
    found = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if "step" in row:
            for name, value in row.items():
                if value is None or is_number(value):
                    found.setdefault(f"{row.get('kind')}/{name}", {})[row["step"]] = math.nan if value is None else value
    return found


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_same(float32, number):
    try:
        rounded = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        rounded = math.copysign(math.inf, number)
    return rounded == float32 or (math.isnan(rounded) and math.isnan(float32))


def projector_problems(folder):
    """Tables that the projector's configuration names but that do not fit each other."""
    configuration = folder / "projector_config.pbtxt"
    if not configuration.exists():
        return
    text = configuration.read_text()
    for tensor, metadata in zip(re.findall(r'tensor_path: "(.*)"', text), re.findall(r'metadata_path: "(.*)"', text)):
        vectors = [line.split("\t") for line in (folder / tensor).read_text().splitlines()]
        labels = (folder / metadata).read_text().splitlines()
        heading = 1 if labels and "\t" in labels[0] else 0
        if len({len(vector) for vector in vectors}) > 1:
            yield f"{tensor}: rows of different lengths"
        if len(labels) - heading != len(vectors):
            yield f"{metadata}: {len(labels) - heading} labels for {len(vectors)} rows of {tensor}"


def check(run):
    files = sorted(run.rglob("events.out.tfevents.*"))
    problems = [] if files else [f"{run}: no event files"]
    compared = 0
    for folder in sorted({file.parent for file in files}):
        events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "histograms": 0, "tensors": 0})
        events.Reload()
        tags = events.Tags()
        print(
            f"{folder}: {len(list(folder.glob('events.out.tfevents.*')))} files, {len(tags['scalars'])} scalars, "
            f"{len(tags['histograms'])} histograms, {len(tags['images'])} images, {len(tags['tensors'])} texts")
        metrics = rows(run / "metrics.jsonl") if (run / "metrics.jsonl").exists() else {}
        summary = json.loads((run / "summary.json").read_text()) if (run / "summary.json").exists() else {}
        for tag in tags["scalars"]:
            steps = [event.step for event in events.Scalars(tag)]
            if steps != sorted(set(steps)):
                problems.append(f"{tag}: steps that repeat or go back: {steps[:20]}")
            for event in events.Scalars(tag):
                expected = metrics.get(tag, {}).get(event.step)
                if expected is not None:
                    compared += 1
                    if not is_same(event.value, expected):
                        problems.append(f"{tag}: step {event.step}: {event.value} in the event file, {expected} in metrics.jsonl")
            if metrics and steps != sorted(metrics.get(tag, {})):
                problems.append(f"{tag}: steps {steps[:20]}… in the event files, {sorted(metrics.get(tag, {}))[:20]}… in metrics.jsonl")
            last = events.Scalars(tag)[-1]
            final = summary.get(tag.replace("step/", "final_", 1))
            if is_number(final) and last.step == summary.get("steps"):
                compared += 1
                if not is_same(last.value, final):
                    problems.append(f"{tag}: {last.value} in the event file, {final} in summary.json")
        problems += projector_problems(folder)
    for file in files:
        if file is files[-1] and sum(1 for _ in RawEventFileLoader(str(file)).Load()) < 2:
            problems.append(f"{file}: has no events")
    if not compared:
        problems.append(f"{run}: no scalar has a field of metrics.jsonl to compare with")
    for problem in problems:
        print(f"check-tensorboard: {problem}", file=sys.stderr)
    print(f"{run}: {compared} numbers compared, {len(problems)} problems")
    return not problems


def main():
    runs = [pathlib.Path(argument) for argument in sys.argv[1:]]
    if not runs:
        sys.exit(__doc__.strip())
    sys.exit(0 if all([check(run) for run in runs]) else 1)


if __name__ == "__main__":
    main()
