"""The experiments of SCoTD (Li et al., 2023), each a list of arms and its table."""
