#!/usr/bin/env python3
"""Makes Tests/EvaluationTests/Fixtures: features, logits and the measures of them by scikit-learn and float64 NumPy.

Needs numpy and scikit-learn.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_mutual_info_score, normalized_mutual_info_score, precision_score, recall_score, roc_auc_score, roc_curve)

CLASSES, WIDTH, TRAIN, TEST = 4, 6, 120, 60
rng = np.random.default_rng(1)
centers = rng.normal(size=(CLASSES, WIDTH))


def rows(count):
    labels = rng.integers(0, CLASSES, count)
    features = (centers[labels] + 0.9 * rng.normal(size=(count, WIDTH))).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features.astype(np.float32), labels


def ece(logits, labels, temperatures):
    p = np.exp(log_softmax(logits / temperatures[:, None], axis=1))
    confidence, right = p.max(1), p.argmax(1) == labels
    total = 0.0
    edges = np.linspace(0, 1, 16)
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def nll(logits, labels, temperature=1.0):
    return -log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels].mean()


def temperature(logits, labels):
    result = minimize_scalar(
        lambda t: nll(logits, labels, np.exp(t)), bounds=(np.log(0.01), np.log(100)), method="bounded",
        options={"xatol": 1e-10})
    return float(np.exp(result.x))


train, train_labels = rows(TRAIN)
test, test_labels = rows(TEST)
outliers = rng.normal(size=(50, WIDTH))
outliers = (outliers / np.linalg.norm(outliers, axis=1, keepdims=True)).astype(np.float32)
logits = (6 * test @ centers.T + rng.normal(size=(TEST, CLASSES))).astype(np.float32)
a, b, o, z = (x.astype(np.float64) for x in (train, test, outliers, logits))
e = {}

similarity = b @ a.T
order = np.argsort(-similarity, axis=1, kind="stable")
for k in (5, 20):
    votes = np.zeros((TEST, CLASSES))
    for i in range(TEST):
        for j in order[i, :k]:
            votes[i, train_labels[j]] += np.exp(similarity[i, j] / 0.07)
    e[f"weighted{k}"] = votes.argmax(1).tolist()
means = np.stack([a[train_labels == c].mean(0) for c in range(CLASSES)])
means /= np.linalg.norm(means, axis=1, keepdims=True)
e["class_means"] = (b @ means.T).argmax(1).tolist()

temperatures = np.empty(TEST)
temperatures[0::2] = temperature(z[1::2], test_labels[1::2])
temperatures[1::2] = temperature(z[0::2], test_labels[0::2])
e["ece"] = ece(z, test_labels, np.ones(TEST))
e["ece_scaled"] = ece(z, test_labels, temperatures)
e["nll"] = nll(z, test_labels)
e["temperatures"] = temperatures[:2].tolist()
predicted = z.argmax(1)
e["precision"] = precision_score(test_labels, predicted, average=None, zero_division=0).tolist()
e["recall"] = recall_score(test_labels, predicted, average=None, zero_division=0).tolist()
e["top1"] = float((predicted == test_labels).mean())

own = b @ b.T
np.fill_diagonal(own, -np.inf)
p1 = rp = ap = 0.0
for i in range(TEST):
    relevant = (test_labels == test_labels[i]).sum() - 1
    hits = test_labels[np.argsort(-own[i], kind="stable")[:relevant]] == test_labels[i]
    p1 += hits[0]
    rp += hits.mean()
    ap += (hits * np.cumsum(hits) / np.arange(1, relevant + 1)).sum() / relevant
e["retrieval"] = [p1 / TEST, rp / TEST, ap / TEST]

start = b[:CLASSES]
clusters = KMeans(CLASSES, init=start, n_init=1, tol=0).fit(b)
e["clusters"] = clusters.labels_.tolist()
e["inertia"] = float(clusters.inertia_)
e["nmi"] = normalized_mutual_info_score(test_labels, clusters.labels_)
e["ami"] = adjusted_mutual_info_score(test_labels, clusters.labels_)

distances = ((b[:, None] - b[None]) ** 2).sum(-1)
different = ~np.eye(TEST, dtype=bool)
same = (test_labels[:, None] == test_labels[None]) & different
e["alignment"] = float(distances[same].mean())
e["uniformity"] = float(np.log(np.exp(-2 * distances[different]).mean()))


def detection(inside, outside):
    truth = np.r_[np.ones(len(inside)), np.zeros(len(outside))]
    score = -np.r_[inside, outside]
    fpr, tpr, _ = roc_curve(truth, score, drop_intermediate=False)
    return [float(roc_auc_score(truth, score)), float(fpr[np.argmax(tpr >= 0.95)])]


def kth(x, k):
    return np.sort(((x[:, None] - a[None]) ** 2).sum(-1), axis=1)[:, k - 1]


def mahalanobis(x, means, covariance):
    d = x[:, None] - means[None]
    return np.einsum("nci,ij,ncj->nc", d, np.linalg.inv(covariance), d).min(1)


plain = np.stack([a[train_labels == c].mean(0) for c in range(CLASSES)])
one = a.mean(0, keepdims=True)
within = a - plain[train_labels]
e["ood_knn"] = detection(kth(b, 10), kth(o, 10))
e["mahalanobis"] = mahalanobis(b, one, np.cov(a.T, bias=True)).tolist()
e["mahalanobis_classes"] = mahalanobis(b, plain, within.T @ within / TRAIN).tolist()
e["ood_mahalanobis"] = detection(
    mahalanobis(b, one, np.cov(a.T, bias=True)), mahalanobis(o, one, np.cov(a.T, bias=True)))

fixture = {
    "classes": CLASSES, "width": WIDTH, "train": train.ravel().tolist(), "train_labels": train_labels.tolist(),
    "test": test.ravel().tolist(), "test_labels": test_labels.tolist(), "outliers": outliers.ravel().tolist(),
    "logits": logits.ravel().tolist(), "expected": e}
folder = pathlib.Path(__file__).resolve().parent.parent / "Tests/EvaluationTests/Fixtures"
folder.mkdir(parents=True, exist_ok=True)
(folder / "measures.json").write_text(json.dumps(fixture) + "\n")
