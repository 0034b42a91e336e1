"""The enhancement network of codec/SPEC.md in PyTorch: trained in float, then with the exact integers of the decoder."""
