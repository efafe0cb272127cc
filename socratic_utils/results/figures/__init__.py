"""Figures, drawn from the tables of `results`, never from a model.

    figure = accuracy_figure(pd.read_csv("tables/main.csv"), scale="small")
    save_figure(figure, "figures", "accuracy", "Accuracy of every student.")

Whiskers are 95 % intervals, dots trainings, and n stands beside every score.  SCoTD's
Figures 2 and 7 are `chains_figure` and `accuracy_figure`; its Figure 3 and Figure 4 of
both papers are `accuracy_by`.  No figure is wider than a notebook's cell, and a colour
means the same in all of them (`style`).
"""

from .accuracy import accuracy_by, accuracy_figure, chains_figure
from .comparison import differences_figure, error_figure, filter_figure, power_figure
from .style import WATERMARK, loss_figure, save_figure
