#!/usr/bin/env python3
"""An independent reader for the safetensors files that Cairn writes: Python's standard library alone.

    python3 e2e/slow/safetensors-reader.py model.safetensors

Written from the format's description (https://github.com/huggingface/safetensors#format), sharing nothing with
packages/training/src/weights. Checks the layout and prints one JSON document: metadata, and each tensor's dtype, shape,
first value, sum in double precision and SHA-256 of its bytes. Exit code 1 says what is wrong.
Why not `import safetensors`: the stock machine (Debian 12) has no package of it; where it is installed
(`pip install safetensors numpy`), `--library` reads the file with it as well and compares every tensor.
"""
import hashlib
import json
import math
import struct
import sys


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    (header_size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + header_size].decode("utf-8"))
    data = content[8 + header_size :]
    metadata = header.pop("__metadata__", {})
    require((8 + header_size) % 8 == 0, "the data is not aligned to 8 bytes")
    return metadata, header, data


def describe(header, data):
    tensors, at = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        count = math.prod(entry["shape"])
        require(entry["dtype"] == "F32", f"{name} is {entry['dtype']}")
        require(begin == at, f"{name} begins at {begin}, not at {at}")
        require(end - begin == 4 * count, f"{name} has {end - begin} bytes for shape {entry['shape']}")
        values = struct.unpack(f"<{count}f", data[begin:end])
        tensors[name] = {
            "dtype": entry["dtype"],
            "shape": entry["shape"],
            "first": values[0] if values else None,
            "sum": math.fsum(values),
            "sha256": hashlib.sha256(data[begin:end]).hexdigest(),
        }
        at = end
    require(at == len(data), f"{len(data) - at} bytes after the last tensor")
    return tensors


def compare_with_library(path, tensors):
    from safetensors.numpy import load_file

    loaded = load_file(path)
    require(sorted(loaded) == sorted(tensors), "the library finds other tensors")
    for name, array in loaded.items():
        require(list(array.shape) == tensors[name]["shape"], f"{name} has another shape in the library")
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        require(digest == tensors[name]["sha256"], f"{name} has other bytes in the library")


def require(condition, message):
    if not condition:
        sys.exit(f"not as expected: {message}")


def main(arguments):
    paths = [argument for argument in arguments if argument != "--library"]
    require(len(paths) == 1, "usage: safetensors-reader.py [--library] FILE")
    metadata, header, data = read(paths[0])
    tensors = describe(header, data)
    if "--library" in arguments:
        compare_with_library(paths[0], tensors)
    print(json.dumps({"metadata": metadata, "tensors": tensors}, indent=2))


main(sys.argv[1:])
