"""How the ear's network was made: rows of sound, training, scores.

training.music writes pieces with their beats; rows.py turns their sound into the bands that
engine/audio/front_end.py sees, once, and stir.py disturbs them at every hearing; model.py is the
network in torch and writes the weights that engine/audio/network.py plays in numpy; train.py
teaches it; score.py runs the whole ear over a split and scores its claims. One thread, resumable,
not imported by the engine:

    python -m training.ear rows                      bands of all pieces that have none yet
    python -m training.ear train --minutes 60        goes on from training/out/ear/state.pt
    python -m training.ear train --name wide_a --start state --hidden 128 --minutes 45
    python -m training.ear export --name state second     writes engine/audio/ear.npz
    python -m training.ear score --split valid       the ear as it stands, causally
    python -m training.ear drops                     writes engine/drops.npz
"""
