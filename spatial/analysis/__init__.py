"""One run: its inputs, the way from extract to scores, its result, and that result in a folder and back."""
