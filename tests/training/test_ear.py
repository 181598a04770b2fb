"""The ear's kitchen: targets, lanes, the same network in torch and in numpy, the scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.audio.claims import BeatClaim
from engine.audio.front_end import PLAIN, WIDTH
from engine.audio.network import DELAY_SECONDS, Network, read_weights
from engine.errors import ModelError
from engine.records import HOP_SECONDS, Beat
from training.ear.drops import targets_of as drop_targets
from training.ear.model import Ear, export, loss_of, total, weights_of, widened
from training.ear.rows import COLUMNS, TEMPI, Lane, Rows, targets_of
from training.ear.score import locked_at, score, seen_of
from training.ear.stir import HIGHS, LOWS, OCTAVES, WAYS, beneath, killed, roomy, tuned

LABELS = {
    "beats": [1.0, 1.5, 2.0, 2.5, 6.0, 6.5],
    "bar_pos": [3, 4, 1, 2, 1, 2],
    "unknown": [[6.2, 7.0]],
    "changes": [],
    "meter": 4,
    "tempo": 120.0,
    "seconds": 7.5,
}


def test_targets_peak_a_little_after_the_beats():
    targets = targets_of(LABELS, 700)
    time = (np.arange(700) + 1) * HOP_SECONDS - DELAY_SECONDS
    peaks = [k for k in range(1, 699) if targets[k, 0] >= max(0.6, *targets[k - 1 : k + 2, 0])]
    assert np.abs(time[peaks] - LABELS["beats"]).max() < 0.6 * HOP_SECONDS
    assert [targets[k, 1] for k in peaks] == [0, 0, 1, 0, 1, 0]
    pulse = targets[:, 3] > 0
    assert pulse[(time > 1.01) & (time < 3.4)].all()
    assert not pulse[(time < 0.99) | ((time > 3.6) & (time < 5.9))].any()
    assert not targets[(time > 6.21) & (time < 6.99), 4].any()


def test_music_without_beats_is_known_to_have_none():
    targets = targets_of(LABELS | {"beats": [], "bar_pos": [], "unknown": []}, 50)
    assert not targets[:, [0, 3, 7]].any() and targets[:, 4].all()


def test_a_lane_plays_a_piece_on_until_it_takes_another():
    bands = np.random.default_rng(0).random((3000, PLAIN)).astype(np.float16)
    piece = Rows("a", bands, np.zeros((3000, len(COLUMNS)), np.float32))
    lane = Lane(np.random.default_rng(1), 200)
    forgets, cuts = [lane.next([piece])[2]], 0
    for _ in range(60):
        before = lane._left
        forgets.append(lane.next([piece])[2])
        cuts += lane._left != before - 1 and not forgets[-1]
    assert forgets[0] and 5 < sum(forgets) < 40 and 2 < cuts < 30
    rows, targets, _ = lane.next([piece])
    assert rows.shape == (200, WIDTH) and rows.dtype == np.float32 and np.isfinite(rows).all()


def music(hops: int = 400) -> np.ndarray:
    """Amplitudes with a stroke every forty hops."""
    bands = np.random.default_rng(2).random((hops, PLAIN)).astype(np.float32)
    bands[::40] += 20.0
    return bands


@pytest.mark.parametrize("way", [way for way, _ in WAYS], ids=lambda way: way.__name__)
def test_what_stirs_a_segment_leaves_its_strokes_where_they_are(way):
    for seed in range(6):
        out = way(music(), np.random.default_rng(seed))
        assert out.shape == (400, PLAIN) and out.dtype == np.float32 and (out >= 0).all()
        assert np.isfinite(out).all() and not np.array_equal(out, music())
        rises = np.diff(np.log1p(out), axis=0).max(axis=1)
        assert np.mean(rises[39::40] > np.median(rises) + 0.05) > 0.8


def test_a_kill_takes_one_range_and_a_room_only_adds():
    rng, took = np.random.default_rng(3), set()
    for _ in range(40):
        out = killed(music(), rng)
        quiet = (out < 0.6 * music()).any(axis=0)
        ranges = [quiet[OCTAVES < LOWS], quiet[(OCTAVES >= LOWS) & (OCTAVES < HIGHS)],
                  quiet[OCTAVES >= HIGHS]]  # fmt: skip
        assert sum(part.any() for part in ranges) <= 1
        took |= {k for k, part in enumerate(ranges) if part.all()}
    assert took == {0, 1, 2}
    assert (roomy(music(), rng) >= music() - 1e-4).all()


def test_what_lies_beneath_is_softer():
    other = 100.0 * np.ones((150, PLAIN), np.float32)
    out = beneath(music(), other, np.random.default_rng(0))
    added = np.sqrt(out[:150] ** 2 - music()[:150] ** 2)
    assert 0.02 < added.mean() / np.sqrt((music() ** 2).mean()) < 0.4
    assert np.array_equal(out[150:], music()[150:])


def test_tuning_moves_every_window_by_the_same_octaves():
    assert sorted(tuned(0.0)) == list(range(PLAIN))
    up = OCTAVES - OCTAVES[tuned(1 / 3)]
    assert np.median(up) == pytest.approx(1 / 3, abs=0.06)


def test_a_plain_lane_hears_the_piece_and_no_lane_hears_it_too_fast():
    bands = np.random.default_rng(0).random((3000, PLAIN)).astype(np.float16)
    piece = Rows("a", bands, np.zeros((3000, len(COLUMNS)), np.float32), 174.0)
    plain = Lane(np.random.default_rng(1), 200, plain=True)
    rows, *_ = plain.next([piece])
    assert np.array_equal(rows[:, :PLAIN], bands[plain._at - 200 : plain._at])
    lane, speeds = Lane(np.random.default_rng(1), 200), []
    for _ in range(60):
        lane.next([piece])
        speeds.append(lane._speed)
    assert min(speeds) < 0.85 and 1.02 < max(speeds) <= TEMPI[1] / 174.0


def test_hops_after_a_drop_are_drops_and_what_is_near_is_not_asked_about():
    labels = {"drops": [10.0], "entries": [30.0], "changes": [50.0], "unknown": [[0.0, 2.0]]}
    drop, asked = drop_targets(labels, 6000)
    time = (np.arange(6000) + 1) * HOP_SECONDS
    assert 20 < drop.sum() < 28 and asked[drop].all()
    assert (time[drop] > 10.09).all() and (time[drop] < 10.37).all()
    for span in ((0.0, 2.0), (9.8, 10.05), (10.5, 12.9), (29.1, 32.9), (42.1, 57.9)):
        assert not asked[(time > span[0]) & (time < span[1])].any()
    assert asked[(time > 14) & (time < 28)].all() and not drop_targets(
        {"drops": [], "entries": [], "changes": [], "unknown": []}, 100)[0].any()


def test_a_widened_network_says_the_same():
    torch.manual_seed(1)
    model = Ear(12).eval()
    wide = widened(model, 20).eval()
    rows = torch.rand(2, 30, WIDTH)
    with torch.no_grad():
        assert torch.allclose(model(rows)[0], wide(rows)[0], atol=1e-6)
    loss = wide(rows)[0].square().mean()
    loss.backward()
    assert wide.out.weight.grad[:, 12:].abs().min() > 0  # and the new units can learn


def test_numpy_plays_what_torch_was_taught(tmp_path):
    torch.manual_seed(0)
    model = Ear().eval()
    model.mean.uniform_(0, 1)
    model.deviation.uniform_(0.5, 2)
    rows = np.random.default_rng(0).random((60, WIDTH)).astype(np.float32)
    other = Ear().eval()
    network = Network([weights_of(model), weights_of(other)])
    seen = [network.process(row) for row in rows]
    with torch.no_grad():
        outs = [m(torch.from_numpy(rows)[None])[0][0] for m in (model, other)]
    shares = (outs[0][:, :3].log_softmax(-1) + outs[1][:, :3].log_softmax(-1)).div(2).softmax(-1)
    pulse = (outs[0][:, 3:4].sigmoid() + outs[1][:, 3:4].sigmoid()) / 2
    true = torch.cat([shares, pulse], -1).numpy()
    mine = np.array([(s.none, s.beat, s.down, s.pulse) for s in seen])
    assert np.abs(mine - true).max() < 1e-5
    export([model, other], tmp_path / "ear.npz")
    assert (tmp_path / "ear.npz").stat().st_size < 500_000
    assert [net["w0"].shape[1] for net in read_weights(tmp_path / "ear.npz")] == [WIDTH] * 2


def test_other_weights_are_refused_in_one_line(tmp_path):
    torch.manual_seed(0)
    arrays = weights_of(Ear())
    arrays["w0"] = arrays["w0"][:, :5]
    np.savez(tmp_path / "narrow.npz", **{f"0/{name}": a for name, a in arrays.items()})
    (tmp_path / "broken.npz").write_bytes(b"no weights")
    for name, word in (("narrow", "rows of"), ("broken", "not the weights"), ("none", "No such")):
        with pytest.raises(ModelError, match=word):
            read_weights(tmp_path / f"{name}.npz")


def test_a_few_steps_lower_the_loss():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    targets = torch.from_numpy(np.stack([targets_of(LABELS, 300)] * 2))
    rows = torch.from_numpy(rng.random((2, 300, WIDTH)).astype(np.float32))
    rows[..., :20] += targets[..., :1]
    model = Ear(hidden=16)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    first = None
    for _ in range(25):
        loss = total(loss_of(model(rows)[0], targets))
        first = first or float(loss.detach())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.6 * first


def test_unknown_bars_teach_nothing_of_bars():
    targets = torch.from_numpy(targets_of(LABELS | {"bar_pos": [0] * 6}, 300))[None]
    out = torch.zeros(1, 300, 6)
    out[..., 1], out[..., 2] = 1.0, -1.0
    swapped = out[..., [0, 2, 1, 3, 4, 5]]
    assert float(loss_of(out, targets)["beat"]) == pytest.approx(
        float(loss_of(swapped, targets)["beat"])
    )


def claims(times: list[float], late: float = 0.005) -> list[BeatClaim]:
    return [BeatClaim(t, t + late, 120.0, 1) for t in times]


def test_a_lock_is_four_right_claims_in_a_row():
    true = np.arange(0, 10, 0.5)
    assert locked_at(true, claims([0.7, 1.0, 1.5, 2.0, 2.5]), 0.0) == pytest.approx(2.505)
    assert locked_at(true, claims([0.5, 1.0, 1.5, 2.5, 3.0]), 0.0) == np.inf
    assert locked_at(true, claims([0.5, 1.0, 1.5, 2.0], late=0.06), 0.0) == np.inf


def test_a_perfect_clock_scores_one_and_an_idle_one_nothing():
    beats = [0.25 + 0.5 * k for k in range(60)]
    labels = LABELS | {"beats": beats, "bar_pos": [k % 4 + 1 for k in range(60)],
                       "unknown": [], "seconds": 30.0}  # fmt: skip
    times = np.arange(2800) * HOP_SECONDS
    clock = [Beat(t, (t - 0.25) * 2 + 4, 120.0, 1.0) for t in times]
    got = score(labels, clock)
    assert got["f"] == got["cmlt"] == got["down_f"] == got["down_16"] == got["tempo"] == 1.0
    assert abs(got["bias_ms"]) < 1 and got["lock"] < 2.3
    silent = score(labels | {"beats": [], "bar_pos": []}, [Beat(t, 0.0) for t in times])
    assert silent["no_conf"] == 0.0 and silent["no_beats"] == 0.0


def test_what_the_network_sees_is_a_distribution():
    seen = seen_of([Ear().eval()], np.zeros((20, PLAIN), np.float16))
    assert seen.shape == (20, 4)
    assert seen[:, :3].sum(axis=1) == pytest.approx(np.ones(20), abs=1e-5)
