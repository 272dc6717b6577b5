"""One turn, from the words to the kept pictures: plan, craft, draw, keep."""
