"""How are scores of weights summed up, ranked, compared, and judged by chance?"""
