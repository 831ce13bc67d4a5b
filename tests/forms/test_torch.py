import doctest
import sys

import pytest

from sparsekin.errors import MissingExtraError


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def room(torch):
    from sparsekin.forms import torch as room

    return room


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "sparsekin.forms.torch", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install \"sparsekin\[torch\]\""):
        import sparsekin.forms.torch  # noqa: F401


def test_the_loss_is_the_formula(torch, room):
    torch.manual_seed(0)
    head, features, labels = room.OrthogonalHead(6, 3), torch.randn(20, 6), torch.arange(20) % 3
    with torch.no_grad():
        head.B += 0.3 * torch.randn(6, 3)
    B = head.B.detach()
    logits = features @ B
    entropy = -torch.log_softmax(logits, 1)[torch.arange(20), labels].mean()
    again = ((logits @ B.T @ B - logits) ** 2).mean()
    assert room.coupled_loss(head, features, labels).item() == pytest.approx((entropy + again).item(), rel=1e-5)
    assert again > 0.01


def test_orthonormal_columns_cost_nothing_and_training_returns_to_them(torch, room):
    torch.manual_seed(1)
    head, codes = room.OrthogonalHead(6, 3), torch.randn(200, 3)
    assert head.coupling(codes).item() < 1e-10
    with torch.no_grad():
        head.B += 0.3 * torch.randn(6, 3)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(200):
        optimiser.zero_grad()
        head.coupling(codes).backward()
        optimiser.step()
    torch.testing.assert_close(head.B.T @ head.B, torch.eye(3), atol=1e-3, rtol=0)


def test_too_many_codes(room):
    with pytest.raises(ValueError, match="4 codes of 3 features cannot be orthonormal; lower codes"):
        room.OrthogonalHead(3, 4)


def test_examples(room):
    assert doctest.testmod(room).failed == 0
