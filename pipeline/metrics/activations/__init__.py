"""Which numbers follow from activations, block by block and in any order?"""
