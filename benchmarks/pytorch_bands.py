"""The bands recipe in PyTorch: NCE with sparse embeddings and plain SGD on the CPU, the pairs drawn beforehand.

Needs only torch and NumPy, so that it can run in an environment of its own. Prints pairs per second of the training
loop alone; drawing the pairs, which the recipe's origin did in Python during training, is not counted.

    python pytorch_bands.py N_ITEMS VECTOR_SIZE THREADS BATCH N_BATCHES
"""

from __future__ import annotations

import math
import sys
import time

import torch

n_items, vector_size, threads, batch, n_batches = map(int, sys.argv[1:6])
negative = 16
torch.set_num_threads(threads)
torch.manual_seed(1)
inputs = torch.nn.Embedding(n_items, vector_size, sparse=True)
outputs = torch.nn.Embedding(n_items, vector_size, sparse=True)
biases = torch.nn.Embedding(n_items, 1, sparse=True)
torch.nn.init.uniform_(inputs.weight, -0.5 / vector_size, 0.5 / vector_size)
torch.nn.init.zeros_(outputs.weight)
torch.nn.init.zeros_(biases.weight)
# The origin's step: learning rate 1 on the mean of a batch of 64.
optimizer = torch.optim.SGD([*inputs.parameters(), *outputs.parameters(), *biases.parameters()], lr=batch / 64)
pairs = torch.randint(n_items, (n_batches, 2, batch))
drawn = torch.randint(n_items, (n_batches, negative))
log_noise = math.log(negative / n_items)


def train(first: int, last: int) -> None:
    """Run batches: each pair against the batch's shared negatives, as TensorFlow's nce_loss does."""
    for i in range(first, last):
        x = inputs(pairs[i, 0])
        centre, noise = pairs[i, 1], drawn[i]
        positive = (x * outputs(centre)).sum(1) + biases(centre)[:, 0] - log_noise
        negatives = x @ outputs(noise).T + biases(noise)[:, 0] - log_noise
        losses = torch.nn.functional.softplus(-positive) + torch.nn.functional.softplus(negatives).sum(1)
        optimizer.zero_grad()
        losses.mean().backward()
        optimizer.step()


warm = n_batches // 10
train(0, warm)
start = time.perf_counter()
train(warm, n_batches)
print((n_batches - warm) * batch / (time.perf_counter() - start))
