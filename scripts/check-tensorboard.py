#!/usr/bin/env python3
"""Reads the TensorBoard files of runs with TensorBoard's own reader and compares them with metrics.jsonl and summary.json.

    python3 -m venv .venv && .venv/bin/pip install tensorboard
    .venv/bin/python scripts/check-tensorboard.py RUN [RUN…]

The tag of a scalar is the kind of a row of metrics.jsonl and the name of a field, `step/loss`. It must have the field's value in
float32, at every step that has the field and no other; summary.json must agree with the last step and the last evaluation. Images must
be PNG files of the stated size; histograms must have the counts of the evaluations; the projector's tables must be rows of unit length
with the classes of summary.json. Ends with 1 if anything differs, if a file is damaged, or if nothing could be compared.
"""

import json
import math
import pathlib
import struct
import sys

from google.protobuf import text_format
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig


def read_json(path):
    return json.loads(path.read_text()) if path.exists() else {}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_same(float32, number):
    try:
        rounded = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        rounded = math.copysign(math.inf, number)
    return rounded == float32 or (math.isnan(rounded) and math.isnan(float32))


def rows(path):
    """The numbers of metrics.jsonl by tag and step; a later row of a step wins, as after a resume."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        row = json.loads(line)
        if "step" in row:
            for name, value in row.items():
                if is_number(value):
                    found.setdefault(f"{row.get('kind')}/{name}", {})[row["step"]] = value
    return found


class Check:
    """The comparison of one folder of event files with the run's own files."""

    def __init__(self, run, folder):
        self.folder = folder
        self.metrics = rows(run / "metrics.jsonl")
        self.summary = read_json(run / "summary.json")
        self.events = EventAccumulator(
            str(folder), size_guidance={"scalars": 0, "images": 0, "histograms": 0, "tensors": 0})
        self.events.Reload()
        self.problems = []
        self.compared = 0

    def expect(self, holds, problem):
        self.compared += 1
        if not holds:
            self.problems.append(f"{self.folder}: {problem}")

    def scalars(self):
        evaluation = self.summary.get("evaluation", {})
        for tag in self.events.Tags()["scalars"]:
            values = self.events.Scalars(tag)
            steps = [event.step for event in values]
            self.expect(steps == sorted(set(steps)), f"{tag}: steps that repeat or go back: {steps[:20]}")
            expected = self.metrics.get(tag, {})
            self.expect(
                not self.metrics or steps == sorted(expected),
                f"{tag}: steps {steps[:20]}… in the event files, {sorted(expected)[:20]}… in metrics.jsonl")
            for event in values:
                number = expected.get(event.step)
                if number is not None:
                    self.expect(
                        is_same(event.value, number), f"{tag}: step {event.step}: {event.value}, metrics.jsonl {number}")
            kind, name = tag.split("/", 1)
            final = self.summary.get(f"final_{name}") if kind == "step" else evaluation.get(name) if kind == "evaluation" else None
            last = evaluation.get("step") if kind == "evaluation" else self.summary.get("steps")
            if is_number(final) and values[-1].step == last:
                self.expect(is_same(values[-1].value, final), f"{tag}: {values[-1].value}, summary.json {final}")

    def histograms(self):
        queries = self.metrics.get("evaluation/query_samples", {})
        for tag in self.events.Tags()["histograms"]:
            for event in self.events.Histograms(tag):
                value = event.histogram_value
                self.expect(
                    sum(value.bucket) == value.num and value.min <= value.max <= value.bucket_limit[-1],
                    f"{tag}: step {event.step}: buckets that do not fit {value.num} values up to {value.max}")
                if tag.endswith("_norms"):
                    self.expect(
                        value.num == queries.get(event.step) and value.min >= 0,
                        f"{tag}: step {event.step}: {value.num} lengths from {value.min} on for {queries.get(event.step)} samples")
                else:
                    self.expect(
                        -1.0001 <= value.min and value.max <= 1.0001,
                        f"{tag}: step {event.step}: similarities from {value.min} to {value.max}")

    def images(self):
        for tag in self.events.Tags()["images"]:
            for event in self.events.Images(tag):
                png = event.encoded_image_string
                size = struct.unpack(">II", png[16:24])
                self.expect(
                    png.startswith(b"\x89PNG\r\n\x1a\n") and size == (event.width, event.height),
                    f"{tag}: step {event.step}: a PNG file of {size}, {event.width} × {event.height} in the event")

    def projector(self):
        path = self.folder / "projector_config.pbtxt"
        configuration = text_format.Parse(path.read_text() if path.exists() else "", ProjectorConfig())
        for embedding in configuration.embeddings:
            vectors = [
                [float(number) for number in line.split("\t")]
                for line in (self.folder / embedding.tensor_path).read_text().splitlines()]
            heading, *labels = (self.folder / embedding.metadata_path).read_text().splitlines()
            columns = heading.split("\t")
            self.expect(len({len(vector) for vector in vectors}) == 1, f"{embedding.tensor_path}: rows of different lengths")
            self.expect(
                len(labels) == len(vectors), f"{embedding.metadata_path}: {len(labels)} labels for {len(vectors)} rows")
            lengths = [math.hypot(*vector) for vector in vectors]
            self.expect(
                all(abs(length - 1) < 1e-4 for length in lengths), f"{embedding.tensor_path}: rows of length {min(lengths)} to {max(lengths)}")
            classes = {label.split("\t")[columns.index("class")] for label in labels}
            self.expect(
                classes <= set(self.summary.get("class_names", classes)), f"{embedding.metadata_path}: classes {sorted(classes)[:5]}…")
        return len(configuration.embeddings)

    def run(self):
        self.scalars()
        self.histograms()
        self.images()
        tables = self.projector()
        tags = self.events.Tags()
        files = sorted(self.folder.glob("events.out.tfevents.*"))
        self.expect(
            sum(1 for _ in RawEventFileLoader(str(files[-1])).Load()) >= 2, f"{files[-1].name}: has no events")
        print(
            f"{self.folder}: {len(files)} files, {len(tags['scalars'])} scalars, {len(tags['histograms'])} histograms, "
            f"{len(tags['images'])} images, {tables} tables of the projector")


def check(run):
    folders = sorted({file.parent for file in run.rglob("events.out.tfevents.*")})
    problems, compared = ([] if folders else [f"{run}: no event files"]), 0
    for folder in folders:
        one = Check(run, folder)
        one.run()
        problems += one.problems
        compared += one.compared
    for problem in problems:
        print(f"check-tensorboard: {problem}", file=sys.stderr)
    print(f"{run}: {compared} comparisons, {len(problems)} problems")
    return not problems


def main():
    runs = [pathlib.Path(argument) for argument in sys.argv[1:]]
    if not runs:
        sys.exit(__doc__.strip())
    sys.exit(0 if all([check(run) for run in runs]) else 1)


if __name__ == "__main__":
    main()
