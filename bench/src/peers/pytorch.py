"""Peer `pytorch`: the same models in PyTorch (Debian's 1.13), one thread, speaking the protocol of protocol.ts.

The environment decides about its BLAS and is set by driver.ts: OPENBLAS_NUM_THREADS=1 always, and on AVX-512 machines
OPENBLAS_CORETYPE=SkylakeX, without which some of them run 256-bit kernels.
"""
import argparse
import json
import math
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def rss_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def forget_peak():
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")


def peak_rss_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


class Inputs:
    """The safetensors file that inputs.ts wrote."""

    def __init__(self, path):
        self.file = open(path, "rb")
        length = int.from_bytes(self.file.read(8), "little")
        self.fields = json.loads(self.file.read(length))
        self.settings = json.loads(self.fields.pop("__metadata__")["settings"])
        self.start = 8 + length

    def read(self, name):
        field = self.fields[name]
        self.file.seek(self.start + field["data_offsets"][0])
        dtype = np.int32 if field["dtype"] == "I32" else np.float32
        values = np.fromfile(self.file, dtype, count=math.prod(field["shape"]))
        tensor = torch.from_numpy(values).reshape(field["shape"])
        return tensor.long() if dtype is np.int32 else tensor

    def parameters(self):
        names = [name for name in self.fields if not name.startswith("batch.")]
        return {name: self.read(name).requires_grad_() for name in names}


def linear(p, name, x):
    """x @ W + b with W as [in, out], as in GPT-2 checkpoints."""
    return torch.addmm(p[name + ".bias"], x, p[name + ".weight"])


def gpt_loss(p, model, hyper):
    batch, context, width, heads = (model[key] for key in ("batch", "context", "width", "heads"))
    size = width // heads
    mask = torch.full((context, context), -math.inf).triu(1).expand(batch * heads, context, context)
    positions = torch.arange(context)

    def norm(name, x):
        return F.layer_norm(x, (width,), p[name + ".weight"], p[name + ".bias"], hyper["layerNormEpsilon"])

    def attention(name, x):
        qkv = linear(p, name + ".c_attn", x).view(batch, context, 3, heads, size)
        q, k, v = (part.reshape(batch * heads, context, size) for part in qkv.permute(2, 0, 3, 1, 4))
        weights = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=size**-0.5).softmax(-1)
        joined = torch.bmm(weights, v).view(batch, heads, context, size).transpose(1, 2)
        return linear(p, name + ".c_proj", joined.reshape(batch * context, width))

    def mlp(name, x):
        return linear(p, name + ".c_proj", F.gelu(linear(p, name + ".c_fc", x), approximate="tanh"))

    def loss(inputs, targets):
        x = F.embedding(inputs, p["wte.weight"]) + F.embedding(positions, p["wpe.weight"])
        x = x.view(batch * context, width)
        for i in range(model["layers"]):
            x = x + attention(f"h.{i}.attn", norm(f"h.{i}.ln_1", x))
            x = x + mlp(f"h.{i}.mlp", norm(f"h.{i}.ln_2", x))
        return F.cross_entropy(norm("ln_f", x) @ p["wte.weight"].t(), targets.view(-1))

    return loss


def mlp_loss(p, model, hyper):
    last = len(model["sizes"]) - 2

    def loss(x, labels):
        for i in range(last + 1):
            x = linear(p, f"layers.{i}", x)
            x = F.relu(x) if i < last else x
        return F.cross_entropy(x, labels)

    return loss


def optimiser(parameters, hyper):
    matrices = [p for p in parameters if p.dim() > 1]
    vectors = [p for p in parameters if p.dim() == 1]
    groups = [
        {"params": matrices, "weight_decay": hyper["weightDecay"]},
        {"params": vectors, "weight_decay": 0.0},
    ]
    betas = (hyper["beta1"], hyper["beta2"])
    return torch.optim.AdamW(groups, lr=hyper["learningRate"], betas=betas, eps=hyper["epsilon"])


def training(inputs):
    settings = inputs.settings
    model, hyper = settings["case"], settings["hyper"]
    p = inputs.parameters()
    parameters = list(p.values())
    loss_of = (gpt_loss if model["kind"] == "gpt" else mlp_loss)(p, model, hyper)
    adamw = optimiser(parameters, hyper)
    batches = [
        (inputs.read(f"batch.{i}.inputs"), inputs.read(f"batch.{i}.targets")) for i in range(settings["batches"])
    ]

    def step(index):
        adamw.zero_grad(set_to_none=True)
        loss = loss_of(*batches[index % len(batches)])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, hyper["clipNorm"])
        adamw.step()
        return loss.item()

    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--case")
    parser.add_argument("--inputs")
    arguments = parser.parse_args()
    baseline = rss_bytes()
    inputs = Inputs(arguments.inputs)
    step = training(inputs)
    forget_peak()
    warm_up = inputs.settings["warmUpSteps"]
    losses = [step(index) for index in range(warm_up)]
    print(json.dumps({"ready": True, "baselineRssBytes": baseline, "loss": losses[0]}), flush=True)
    for index, line in enumerate(sys.stdin, warm_up):
        if line.strip() == "quit":
            break
        start = time.perf_counter()
        loss = step(index)
        ms = (time.perf_counter() - start) * 1000
        print(json.dumps({"ms": ms, "loss": loss, "rssBytes": rss_bytes()}), flush=True)
    print(json.dumps({"peakRssBytes": peak_rss_bytes()}), flush=True)


if __name__ == "__main__":
    main()
