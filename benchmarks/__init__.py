"""Speed and memory, side by side with peers: ratios from one interleaved run, medians, never in a timed test."""
