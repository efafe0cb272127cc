"""The generator of the embedded benchmark `gradeschool`."""
