"""The program of the next Postcard, still in training: it takes the place of `postcard` when its model draws better."""
