"""The neural coupling of mixed forms: an orthogonal encode-decode head for networks (needs torch).

A network f maps X to n x p features; B (p, d) encodes them as d codes f(X) B, which B' decodes. With one code per class
the codes are logits, and a classifier minimises

    cross_entropy(Y, f(X) B) + mse(f(X) B, f(X) B B'B)

The second term is 0 exactly where B'B is the identity on the codes that occur: there encoding is a projection and
nothing need be inverted, as with ``orthogonal=True`` in the linear form (docs: estimators, section 3).
"""

from __future__ import annotations

from typing import Any

from sparsekin.errors import needs

with needs("sparsekin.forms.torch", "torch", "torch"):
    import torch
    from torch.nn import functional


class OrthogonalHead(torch.nn.Module):
    """B of shape (features, codes), orthonormal at the start: a linear layer without bias that also decodes.

    Parameters
    ----------
    features : int
        p, columns of f(X).
    codes : int
        d, at most `features`; the number of classes for a classifier.

    Raises
    ------
    ValueError
        More codes than features: their columns cannot be orthonormal.

    Examples
    --------
    >>> import torch
    >>> head = OrthogonalHead(features=8, codes=3)
    >>> codes = head(torch.randn(5, 8))
    >>> codes.shape, head.decode(codes).shape, bool(head.coupling(codes) < 1e-10)
    (torch.Size([5, 3]), torch.Size([5, 8]), True)
    """

    def __init__(self, features: int, codes: int) -> None:
        super().__init__()
        if codes > features:
            raise ValueError(f"{codes} codes of {features} features cannot be orthonormal; lower codes.")
        self.B = torch.nn.Parameter(torch.empty(features, codes))
        torch.nn.init.orthogonal_(self.B)

    def forward(self, features: Any) -> Any:
        """Codes f(X) B, (n, d)."""
        return features @ self.B

    def decode(self, codes: Any) -> Any:
        """Features that codes stand for, codes B', (n, p)."""
        return codes @ self.B.T

    def coupling(self, codes: Any) -> Any:
        """mse(codes, codes B'B): how far encoding what was decoded is from the codes."""
        return functional.mse_loss(self(self.decode(codes)), codes)


def coupled_loss(head: OrthogonalHead, features: Any, labels: Any) -> Any:
    """cross_entropy(Y, f(X) B) + mse(f(X) B, f(X) B B'B).

    Parameters
    ----------
    head : OrthogonalHead
    features : tensor of shape (n, p)
        f(X).
    labels : integer tensor of shape (n,)
        Classes, 0 to d - 1.

    Returns
    -------
    tensor, a number

    Examples
    --------
    >>> import torch
    >>> head = OrthogonalHead(features=8, codes=3)
    >>> loss = coupled_loss(head, torch.randn(5, 8), torch.tensor([0, 1, 2, 0, 1]))
    >>> loss.backward()
    >>> head.B.grad.shape
    torch.Size([8, 3])
    """
    codes = head(features)
    return functional.cross_entropy(codes, labels) + head.coupling(codes)
