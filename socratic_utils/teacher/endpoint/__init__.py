"""One OpenAI-compatible endpoint: client, errors, many requests live or in a batch."""
