#!/usr/bin/env python3
"""Writes the arrays that Tests/FormatsTests reads, as NumPy and ml_dtypes write them.

    python3 -m venv .venv && .venv/bin/pip install numpy ml_dtypes
    .venv/bin/python scripts/make-array-fixtures.py
"""

import pathlib

import ml_dtypes
import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "FormatsTests" / "Fixtures"


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    array = (np.arange(12).reshape(3, 4) / 4 - 1).astype("f4")
    np.savez(FOLDER / "stored.npz", array)
    np.savez_compressed(FOLDER / "deflated.npz", embeddings=array.astype("f8"))
    np.savez_compressed(FOLDER / "fortran.npz", np.asfortranarray(array.astype(">f8")))
    np.savez(FOLDER / "two.npz", first=array, second=array)
    numbers = np.array([1, -2, 0.5, 96])
    np.save(FOLDER / "bfloat16.npy", numbers.astype(ml_dtypes.bfloat16))
    np.save(FOLDER / "half-big-endian.npy", numbers.astype(">f2"))


if __name__ == "__main__":
    main()
