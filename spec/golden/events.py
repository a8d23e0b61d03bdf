"""Writes spec/fixtures/tensorboard/events with TensorBoard's own classes (pip install tensorboard).

The events are those that spec/train/tensorboard_spec.lua adds, at the time 1234567890.25 each.
"""
import os

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")
TIME = 1234567890.25


def scalar(tag, value, step):
    v = summary_pb2.Summary.Value(tag=tag, simple_value=value)
    return event_pb2.Event(wall_time=TIME, step=step, summary=summary_pb2.Summary(value=[v]))


def image(tag, path, size, step):
    with open(path, "rb") as f:
        png = f.read()
    picture = summary_pb2.Summary.Image(
        height=size[0], width=size[1], colorspace=3, encoded_image_string=png
    )
    v = summary_pb2.Summary.Value(tag=tag, image=picture)
    return event_pb2.Event(wall_time=TIME, step=step, summary=summary_pb2.Summary(value=[v]))


start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
events = [
    event_pb2.Event(wall_time=TIME, step=7, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=TIME, step=7, session_log=start),
    scalar("train/loss", 0.1, 7),
    scalar("zero", 0.0, 0),
    scalar("größe", -1e30, -3),
    scalar("inf", float("inf"), 1 << 40),
    scalar("t" * 300, 2.5, 127),
    scalar("t", 2.5, 128),
    image("picture", os.path.join(HERE, "io", "rgb.png"), (100, 300), 9),
]
os.makedirs(os.path.join(HERE, "tensorboard"), exist_ok=True)
with open(os.path.join(HERE, "tensorboard", "events"), "wb") as f:
    writer = RecordWriter(f)
    for e in events:
        writer.write(e.SerializeToString())
