"""Decoding: one loop (`loop.solve`) in which one or two students write a transcript.

Greedy as in Socratic CoT (section 3.3), or sampled for self-consistency (SCoTD, section
3.1).  Known questions, a calculator, a planner, exemplars or a vLLM server can take a
student's place: all share the interface of `incremental.IncrementalDecoder`.
"""
