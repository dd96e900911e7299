"""``python -m segmenter`` is the command ``segmenter``."""

import sys

from segmenter.cli import main

sys.argv[0] = "segmenter"
main()
