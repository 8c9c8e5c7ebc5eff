"""What every store promises, and what each does besides."""
