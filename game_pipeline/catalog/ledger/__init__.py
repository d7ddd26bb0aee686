"""The ledger: judgements about pairs of records, and the games that they come to.

`components` and `naming` are pure; `settle` brings the catalogue to what the standing judgements say.
"""
