"""The gradient of one GPT step in PyTorch, fp32: reads a safetensors file of weights and a batch, writes gradients.

Usage: gpt-step.py STEP.safetensors GRADIENTS.safetensors. Layer count, heads and sizes follow from the tensors and the
file's metadata. Called by gpt-step.ts.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F


def read(path):
    raw = open(path, "rb").read()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(raw[8 + length + begin : 8 + length + end], dtype=np.float32)
        tensors[name] = torch.from_numpy(values.copy()).reshape(entry["shape"])
    return tensors, metadata


def write(path, tensors):
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        data = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text + b"".join(parts))


def loss_of(p, x, y, heads, layers):
    batch, context = x.shape
    width = p["wte.weight"].shape[1]
    size = width // heads
    mask = torch.full((context, context), -math.inf).triu(1)

    def norm(name, h):
        return F.layer_norm(h, (width,), p[name + ".weight"], p[name + ".bias"], 1e-5)

    def linear(name, h):
        return h @ p[name + ".weight"] + p[name + ".bias"]

    h = p["wte.weight"][x] + p["wpe.weight"][:context]
    for i in range(layers):
        q, k, v = linear(f"h.{i}.attn.c_attn", norm(f"h.{i}.ln_1", h)).split(width, dim=2)
        q, k, v = (t.view(batch, context, heads, size).transpose(1, 2) for t in (q, k, v))
        weights = (q @ k.transpose(2, 3) / math.sqrt(size) + mask).softmax(-1)
        joined = (weights @ v).transpose(1, 2).reshape(batch, context, width)
        h = h + linear(f"h.{i}.attn.c_proj", joined)
        inner = F.gelu(linear(f"h.{i}.mlp.c_fc", norm(f"h.{i}.ln_2", h)), approximate="tanh")
        h = h + linear(f"h.{i}.mlp.c_proj", inner)
    logits = norm("ln_f", h) @ p["wte.weight"].t()
    return F.cross_entropy(logits.view(-1, logits.shape[-1]), y.reshape(-1))


def main(source, target):
    tensors, metadata = read(source)
    x = tensors.pop("batch.x").long()
    y = tensors.pop("batch.y").long()
    p = {name: tensor.requires_grad_() for name, tensor in tensors.items()}
    loss = loss_of(p, x, y, int(metadata["heads"]), int(metadata["layers"]))
    loss.backward()
    write(target, {"loss": loss.reshape(1), **{name: tensor.grad for name, tensor in p.items()}})


main(*sys.argv[1:])
