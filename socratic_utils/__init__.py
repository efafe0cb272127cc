"""Utilities behind the numbered notebooks of socratic-cot."""
