#!/usr/bin/env python3
"""Makes Tests/ReportingTests/Fixtures/map.json: rows, the variances of their principal components, and the divergence of exact t-SNE.

Needs numpy and scikit-learn.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

COUNT, WIDTH, CLASSES = 180, 8, 6
rng = np.random.default_rng(5)
centers = rng.normal(size=(CLASSES, WIDTH))
rows = (centers[np.arange(COUNT) % CLASSES] + 0.45 * rng.normal(size=(COUNT, WIDTH))).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
rows = rows.round(6).astype(np.float32)

pca = PCA(2).fit(rows.astype(np.float64))
result = {}
for perplexity in (10, 30):
    tsne = TSNE(method="exact", init="pca", learning_rate="auto", perplexity=perplexity, max_iter=1000)
    tsne.fit_transform(rows)
    result[str(perplexity)] = float(tsne.kl_divergence_)
projected = pca.transform(rows.astype(np.float64))
signs = np.sign(projected[np.abs(projected).argmax(0), range(2)])
path = pathlib.Path(__file__).resolve().parent.parent / "Tests/ReportingTests/Fixtures/map.json"
path.write_text(json.dumps({
    "width": WIDTH, "rows": [round(float(x), 6) for x in rows.ravel()],
    "shares": [float(x) for x in pca.explained_variance_ratio_],
    "points": [round(float(x), 9) for x in (projected * signs).ravel()], "divergences": result,
}) + "\n")
