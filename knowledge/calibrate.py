"""From several signs of likeness to probabilities that hold: a conditional logit. PURE numpy; imports nothing.

Each message offers the same set of outcomes (every entry, and the ways of being none of them). The few weights are
fitted on messages whose outcome is known and whose signs were computed as if the message had not been seen.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Truths = NDArray[np.bool_]
STEPS = 40
PRIOR = 1.0
ENOUGH = 1e-4


def probabilities(signs: Floats, weights: Floats, possible: Truths | None = None) -> Floats:
    """(…, outcomes) from signs of shape (…, outcomes, signs). Outcomes that are not `possible` get 0."""
    scores = signs @ weights
    if possible is not None:
        scores = np.where(possible, scores, -np.inf)
    scores = scores - scores.max(axis=-1, keepdims=True)
    grown = np.exp(scores)
    result: Floats = (grown / grown.sum(axis=-1, keepdims=True)).astype(np.float32)
    return result


def fit(signs: Floats, right: Truths, possible: Truths, importance: Floats, start: Floats) -> Floats:
    """The weights under which the right outcomes are likeliest; `right` marks all that would be right for a message.

    Damped Newton steps on the log-likelihood with a Gaussian prior around `start`; deterministic.
    """
    weights = start.astype(np.float64)
    best = _loss(signs, right, possible, importance, weights, start)
    for _ in range(STEPS):
        gradient, curve = _slope(signs, right, possible, importance, weights, start)
        step, size = np.linalg.solve(curve, gradient), 1.0
        while size > 1e-3:
            tried = weights - size * step
            loss = _loss(signs, right, possible, importance, tried, start)
            if loss < best:
                break
            size /= 2
        else:
            break
        better, weights, best = best - loss, tried, loss
        if better < ENOUGH:
            break
    return weights.astype(np.float32)


def _loss(
    signs: Floats, right: Truths, possible: Truths, importance: Floats, weights: NDArray[np.float64], start: Floats
) -> float:
    given = probabilities(signs, weights.astype(np.float32), possible)
    hit = np.maximum((given * right).sum(axis=1), 1e-12)
    return float(-(importance * np.log(hit)).sum() + PRIOR / 2 * ((weights - start) ** 2).sum())


def _slope(
    signs: Floats, right: Truths, possible: Truths, importance: Floats, weights: NDArray[np.float64], start: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    plain = weights.astype(np.float32)
    given = probabilities(signs, plain, possible)
    among_right = probabilities(signs, plain, right & possible)
    expected = np.einsum("nc,ncf->nf", given, signs)
    wanted = np.einsum("nc,ncf->nf", among_right, signs)
    gradient = (importance[:, None] * (expected - wanted)).sum(axis=0).astype(np.float64) + PRIOR * (weights - start)
    spread = (signs * np.sqrt(given * importance[:, None])[..., None]).reshape(-1, signs.shape[-1])
    mean = expected * np.sqrt(importance)[:, None]
    curve = (spread.T @ spread - mean.T @ mean).astype(np.float64)
    return gradient, curve + PRIOR * np.eye(len(weights))
