"""A host's first messages are answered from a file, before anything heavy is imported."""
