#!/usr/bin/env python3
"""Makes Tests/ReportingTests/Fixtures/map.json: rows, the variances of their principal components, and the divergence of exact t-SNE.

t-SNE ends in one of several minima, and which one depends on the last bits of the rows: scikit-learn's own divergence differs by several
percent between rows that differ by 1e-6. The fixture holds the smallest and largest of nine such runs; at perplexity 30 they differ by less
than 2 %.

Needs numpy and scikit-learn.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

COUNT, WIDTH, CLASSES = 96, 8, 4
rng = np.random.default_rng(5)
centers = rng.normal(size=(CLASSES, WIDTH))
rows = (centers[np.arange(COUNT) % CLASSES] + 0.15 * rng.normal(size=(COUNT, WIDTH))).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
rows = rows.round(6).astype(np.float32)

pca = PCA(2).fit(rows.astype(np.float64))
result = {}
for perplexity in (15, 30):
    divergences = []
    for trial in range(9):
        noise = np.random.default_rng(trial).normal(size=rows.shape) * (1e-6 if trial else 0)
        tsne = TSNE(method="exact", init="pca", learning_rate="auto", perplexity=perplexity, max_iter=1000)
        tsne.fit((rows + noise).astype(np.float32))
        divergences.append(float(tsne.kl_divergence_))
    result[str(perplexity)] = [min(divergences), max(divergences)]
projected = pca.transform(rows.astype(np.float64))
signs = np.sign(projected[np.abs(projected).argmax(0), range(2)])
path = pathlib.Path(__file__).resolve().parent.parent / "Tests/ReportingTests/Fixtures/map.json"
path.write_text(json.dumps({
    "width": WIDTH, "classes": CLASSES, "rows": [round(float(x), 6) for x in rows.ravel()],
    "shares": [float(x) for x in pca.explained_variance_ratio_],
    "points": [round(float(x), 9) for x in (projected * signs).ravel()], "divergences": result,
}) + "\n")
